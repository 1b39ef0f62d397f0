import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

import { isInstalled, runCommand } from './command.mjs';
import { MissingProgram } from './system-packages.mjs';

/** The version that deny.toml is written for: others know other licences and rules. */
const CARGO_DENY_VERSION = '0.18.9';

/**
 * Finds Rust, also where rustup has put it without this shell knowing.
 *
 * @throws {MissingProgram}
 */
export function findRust() {
  process.env['PATH'] = [process.env['PATH'], join(homedir(), '.cargo/bin')].join(delimiter);
  if (!isInstalled('cargo')) {
    throw new MissingProgram('Rust is missing: install 1.95 or newer from https://rustup.rs, then run this again');
  }
}

/**
 * Installs clippy, rustfmt and cargo-deny where they are missing.
 *
 * @param {{log: string, say: (line: string) => void}} options
 */
export async function installLinters({ log, say }) {
  // rustup puts these two on the PATH before they are there.
  for (const component of ['clippy', 'fmt']) {
    const there = runCommand({ line: ['cargo', component, '--version'], log });
    await there.catch(() => runCommand({ line: ['rustup', 'component', 'add', 'clippy', 'rustfmt'], log }));
  }
  if (!isInstalled('cargo-deny')) {
    say('Installing cargo-deny (a few minutes, once).');
    await runCommand({ line: ['cargo', 'install', '--locked', '--version', CARGO_DENY_VERSION, 'cargo-deny'], log });
  }
}
