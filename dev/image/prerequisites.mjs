import { spawnSync } from 'node:child_process';

/** How long a command may take, in milliseconds; one asks the server of the toolchains. */
const PATIENCE_MS = 60_000;

/** The exit codes of `rustup check` when its server has answered: nothing newer, or something newer. */
const HEARD = [0, 100];

/** @returns {string | undefined} why no container can run on this machine, where none can */
export function whyNoContainers() {
  if (process.getuid?.() !== 0) {
    return 'containers need root here: run it with sudo';
  }
  if (ended('unshare', '--mount', '--pid', '--fork', '--mount-proc', 'true') !== 0) {
    return 'this machine grants no namespaces for containers';
  }
  return undefined;
}

/** @returns {string | undefined} why `make image` cannot do its work on this machine, where it cannot */
export function whyNoImage() {
  const whyNot = whyNoContainers();
  if (whyNot === undefined && !HEARD.includes(ended('rustup', 'check') ?? -1)) {
    return 'no Rust toolchain can be fetched from here to build it with (rustup check)';
  }
  return whyNot;
}

/**
 * @param {string[]} line
 * @returns {number | null} its exit code; null when it could not be run or took too long
 */
function ended(...[program = '', ...args]) {
  return spawnSync(program, args, { stdio: 'ignore', timeout: PATIENCE_MS }).status;
}
