import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

import { COMMAND } from './packages.mjs';

/** @typedef {import('./packages.mjs').Target} Target */

/** @param {Target} target @param {string} version @returns {string} the name of the released file with its program */
export function archiveOf({ name, os }, version) {
  return `${COMMAND}_${version}_${name}.${os === 'win32' ? 'zip' : 'tar.gz'}`;
}

/**
 * Takes the program out of a released file.
 *
 * @param {string} folder of the released files and their checksums.txt
 * @param {Target} target
 * @param {string} version
 * @param {string} into a folder for what is in the file, emptied first
 * @returns {Promise<string>} the program's path
 * @throws when the file is not the one that checksums.txt names
 */
export async function unpackProgram(folder, target, version, into) {
  const archive = join(folder, archiveOf(target, version));
  await check(archive, await readFile(join(folder, 'checksums.txt'), 'utf8'));
  await rm(into, { recursive: true, force: true });
  await mkdir(into, { recursive: true });
  const [program = '', ...args] = target.os === 'win32' ? ['python3', '-m', 'zipfile', '-e', archive, into] : ['tar', '-xzf', archive, '-C', into];
  await promisify(execFile)(program, args);
  const found = (await readdir(into, { recursive: true })).find((path) => basename(path) === target.program);
  if (found === undefined) {
    throw new Error(`${archive} holds no ${target.program}`);
  }
  return join(into, found);
}

/**
 * @param {string} archive
 * @param {string} checksums as sha256sum writes them
 */
async function check(archive, checksums) {
  const sum = createHash('sha256').update(await readFile(archive)).digest('hex');
  if (!checksums.split('\n').includes(`${sum}  ${basename(archive)}`)) {
    throw new Error(`${archive} is not the file that checksums.txt beside it names`);
  }
}
