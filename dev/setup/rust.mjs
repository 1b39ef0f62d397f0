import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

import { isInstalled } from './command.mjs';
import { MissingProgram } from './system-packages.mjs';

/**
 * Finds Rust, also where rustup has installed it and this shell's PATH lacks it.
 *
 * @throws {MissingProgram}
 */
export function findRust() {
  process.env['PATH'] = [process.env['PATH'], join(homedir(), '.cargo/bin')].join(delimiter);
  if (!isInstalled('cargo')) {
    throw new MissingProgram('Rust is missing: install 1.95 or newer from https://rustup.rs, then run this again');
  }
}
