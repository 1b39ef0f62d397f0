import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { runCommand } from './command.mjs';

/**
 * @param {string} folder
 * @returns {Promise<boolean>} whether what its lock file names is installed
 */
export async function nodePackagesAreThere(folder) {
  return (await isLink(join(folder, 'node_modules'))) || (await readFile(stampIn(folder), 'utf8').catch(() => '')) === (await lockOf(folder));
}

/**
 * Installs what a package's lock file names.
 *
 * @param {string} folder
 * @param {string} log
 */
export async function installNodePackages(folder, log) {
  await runCommand({ line: ['npm', 'ci', '--no-audit', '--no-fund'], folder, variables: nativeModuleVariables(), log });
  await writeFile(stampIn(folder), await lockOf(folder));
}

/** @param {string} folder */
function stampIn(folder) {
  return join(folder, 'node_modules/.installed-lock');
}

/** @param {string} folder */
async function lockOf(folder) {
  return createHash('sha256').update(await readFile(join(folder, 'package-lock.json'))).digest('hex');
}

/**
 * Linked node_modules belong to another worktree, where `npm ci` would delete them.
 *
 * @param {string} path
 */
async function isLink(path) {
  return (await lstat(path).catch(() => undefined))?.isSymbolicLink() ?? false;
}

/**
 * Native modules are compiled with the headers that came with this Node, which spares a download.
 *
 * @returns {Record<string, string>}
 */
function nativeModuleVariables() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include/node/node.h')) ? { npm_config_nodedir: prefix } : {};
}
