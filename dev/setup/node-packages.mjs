import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, lstat, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { runCommand } from './command.mjs';

/** What has to be compiled. Other packages have scripts that thank, count or speed up; these are not run. */
const NATIVE = ['better-sqlite3'];

/**
 * @param {string} folder
 * @returns {Promise<boolean>} whether what its lock file names is installed
 */
export async function nodePackagesAreThere(folder) {
  return (await isLink(join(folder, 'node_modules'))) || (await readFile(stampIn(folder), 'utf8').catch(() => '')) === (await lockOf(folder));
}

/**
 * Installs what a package's lock file names. No package runs a script of its own then, except that the native ones are compiled.
 *
 * @param {string} folder
 * @param {{log: string, like: readonly string[]}} options `like`: folders that may have compiled the same packages before
 */
export async function installNodePackages(folder, { log, like }) {
  await runCommand({ line: ['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder, log });
  for (const name of NATIVE) {
    await compile(name, folder, { log, like });
  }
  await writeFile(stampIn(folder), await lockOf(folder));
}

/**
 * Compiles a package, if it is installed there, or takes over what another folder compiled of the same version.
 *
 * @param {string} name
 * @param {string} folder
 * @param {{log: string, like: readonly string[]}} options
 */
async function compile(name, folder, { log, like }) {
  const version = await versionOf(name, folder);
  if (version === undefined) {
    return;
  }
  for (const other of like) {
    const compiled = join(other, 'node_modules', name, 'build/Release');
    if (other !== folder && existsSync(compiled) && (await versionOf(name, other)) === version) {
      await cp(compiled, join(folder, 'node_modules', name, 'build/Release'), { recursive: true, filter: isNoIntermediate });
      return;
    }
  }
  await runCommand({ line: ['npm', 'rebuild', name], folder, variables: nativeModuleVariables(), log });
}

/** @param {string} path */
function isNoIntermediate(path) {
  return !/\/(obj|obj\.target|\.deps)$/.test(path);
}

/**
 * @param {string} name
 * @param {string} folder
 * @returns {Promise<string | undefined>}
 */
async function versionOf(name, folder) {
  const manifest = await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8').catch(() => undefined);
  return manifest === undefined ? undefined : JSON.parse(manifest).version;
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
