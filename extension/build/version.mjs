import { readFile } from 'node:fs/promises';

import { inRepository } from '../../dev/setup/repository.mjs';

/** @returns {Promise<string>} the version of the program, which is also the extension's */
export async function readVersion() {
  const [, version] = /^version = "([\d.]+)"$/m.exec(await readFile(inRepository('Cargo.toml'), 'utf8')) ?? [];
  if (version === undefined) {
    throw new Error('Cargo.toml names no version of digits and dots, and browsers take no other: write one as 1.2.3');
  }
  return version;
}
