import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { runCommand } from './command.mjs';

/**
 * Installs what a package's lock file names, unless that is what is there already.
 *
 * @param {string} folder
 * @param {{log: string, say: () => void}} options say: called before it begins
 */
export async function installNodePackages(folder, { log, say }) {
  const modules = join(folder, 'node_modules');
  const stamp = join(modules, '.installed-lock');
  const lock = createHash('sha256').update(await readFile(join(folder, 'package-lock.json'))).digest('hex');
  if (await isLink(modules) || (await readFile(stamp, 'utf8').catch(() => '')) === lock) {
    return;
  }
  say();
  await runCommand({ line: ['npm', 'ci', '--no-audit', '--no-fund'], folder, variables: nativeModuleVariables(), log });
  await writeFile(stamp, lock);
}

/**
 * Linked node_modules belong to another worktree, and `npm ci` would empty them there.
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
