import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { CHECKSUMS } from './project.mjs';

/** @typedef {Map<string, string>} Checksums SHA-256 in hex, by the file's name */

/**
 * Writes the checksums of a folder's files as `sha256sum --check` reads them.
 *
 * @param {string} folder
 * @returns {Promise<Checksums>}
 */
export async function writeChecksums(folder) {
  const names = (await readdir(folder)).filter((name) => name !== CHECKSUMS).sort();
  const checksums = new Map();
  for (const name of names) {
    checksums.set(name, createHash('sha256').update(await readFile(join(folder, name))).digest('hex'));
  }
  await writeFile(join(folder, CHECKSUMS), [...checksums].map(([name, checksum]) => `${checksum}  ${name}\n`).join(''));
  return checksums;
}
