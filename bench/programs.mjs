import { goProgram } from '../dev/setup/go-programs.mjs';
import { oauth2Proxy } from '../dev/setup/peer-programs.mjs';
import { inRepository } from '../dev/setup/repository.mjs';
import { earlierBinary } from './measuring/earlier-binary.mjs';

/** What is measured beside ours, and the stopwatch: Cargo builds the examples in the release profile, as ours. */
const PROGRAMS = /** @type {const} */ ({
  'memory-answers': () => inRepository('target/release/examples/memory_answers'),
  'start-timer': () => inRepository('target/release/examples/start_timer'),
  'oauth2-proxy': oauth2Proxy,
  kubelogin: () => goProgram('kubelogin'),
});

/** @param {keyof typeof PROGRAMS} name @returns {string} where it is */
export function benchProgram(name) {
  return PROGRAMS[name]();
}

/** Ours, as `cargo build --release` leaves it. */
export const OURS = inRepository('target/release/backstage-oidc-helper');

/** @typedef {{name: string, binary: string}} Version */

/** @returns {Version[]} ours, and an earlier binary beside it where BEFORE or BASELINE names one */
export function versions() {
  const earlier = earlierBinary();
  return [{ name: 'ours', binary: OURS }, ...(earlier ? [{ name: 'ours before', binary: earlier.binary }] : [])];
}
