import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { bootstrapDebian } from '../../image/debian.mjs';
import { runCommand } from '../../setup/command.mjs';
import { inRepository } from '../../setup/repository.mjs';

/** @typedef {{name: string, line: string[]}} Way how a released program is run: the command before its arguments */

/** Where the logs are, and these roots. */
export const LOGS = 'target/release-test';

const ROOTS = inRepository(LOGS);
const DEBIAN = join(ROOTS, 'debian');

/** Without this machine's variables: they name folders that these systems do not have. */
const CLEAN = ['env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin'];

/**
 * A root folder with nothing in it but the program: no library, no /etc, no /tmp, no home.
 *
 * @param {string} program
 * @returns {Promise<Way>}
 */
export async function emptyRoot(program) {
  const root = join(ROOTS, 'empty');
  await rm(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true });
  await copyFile(program, join(root, 'backstage-oidc-helper'));
  return { name: 'empty', line: [...CLEAN, 'chroot', root, '/backstage-oidc-helper'] };
}

/**
 * Makes a bare Debian, once; it is kept. This needs the network.
 *
 * @param {string} log
 */
export async function provideDebian(log) {
  if (!existsSync(DEBIAN)) {
    // The folder gets its name when it is complete.
    await rm(`${DEBIAN}.unfinished`, { recursive: true, force: true });
    await mkdir(`${DEBIAN}.unfinished`, { recursive: true });
    await bootstrapDebian(`${DEBIAN}.unfinished`, log);
    await rename(`${DEBIAN}.unfinished`, DEBIAN);
  }
}

/**
 * The bare Debian with the package installed.
 *
 * @param {string} deb
 * @param {string} log
 * @returns {Promise<Way & {remove(): Promise<void>}>}
 */
export async function bareDebian(deb, log) {
  await copyFile(deb, join(DEBIAN, 'tmp/program.deb'));
  const inDebian = (/** @type {string[]} */ ...line) => runCommand({ line: [...CLEAN, 'chroot', DEBIAN, ...line], log });
  await inDebian('dpkg', '--install', '/tmp/program.deb');
  return {
    name: 'debian',
    line: [...CLEAN, 'HOME=/root', 'chroot', DEBIAN, 'backstage-oidc-helper'],
    remove: () => inDebian('dpkg', '--purge', 'backstage-oidc-helper'),
  };
}

/**
 * @param {string} program for arm64
 * @returns {Way}
 */
export function emulated(program) {
  return { name: 'arm64', line: [...CLEAN, 'HOME=/', 'qemu-aarch64-static', program] };
}
