import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { COMMAND, NAME } from '../../npm/packages.mjs';
import { THIRD_PARTY } from '../release/licenses/texts.mjs';
import { tool } from './tools.mjs';

/** @typedef {import('./machine.mjs').Machine} Machine */

/**
 * @typedef {object} Installation a way to run the program
 * @property {string} name
 * @property {Machine} machine
 * @property {string[]} line the command, to which arguments are added
 */

/**
 * The ways that people have: with a Node that can replace itself by the program, and with one that cannot.
 *
 * @param {{older: Machine, newer: Machine}} machines
 * @returns {Promise<Installation[]>}
 */
export async function installations({ older, newer }) {
  return [
    { name: 'npx', machine: older, line: ['npx', '--yes', NAME] },
    { name: 'npm -g', machine: older, line: [await installGlobally(older)] },
    { name: 'npx (npm 10)', machine: newer, line: [newer.node, tool('npm-10/bin/npx-cli.js'), '--yes', NAME] },
    { name: 'pnpm dlx', machine: newer, line: [newer.node, tool('pnpm/bin/pnpm.mjs'), 'dlx', NAME] },
    { name: 'yarn dlx', machine: newer, line: [newer.node, tool('@yarnpkg/cli-dist/bin/yarn.js'), 'dlx', '--quiet', NAME] },
  ];
}

/**
 * @param {Machine} machine
 * @returns {Promise<string>} the command's path
 */
async function installGlobally(machine) {
  const prefix = await machine.folder('prefix');
  const { code, stderr } = await machine.run(['npm', 'install', '--global', '--prefix', prefix, NAME], machine.home);
  assert.equal(code, 0, stderr);
  const packages = join(prefix, 'lib/node_modules', NAME, '..');
  const platform = `oidc-helper-${process.platform}-${process.arch}`;
  const nested = join(packages, 'oidc-helper/node_modules/@backstage');
  const [root, own] = [await readdir(packages), await readdir(nested)];
  assert.deepEqual([root, own], [['oidc-helper'], [platform]], 'a package for another system was installed, or one is missing');
  const launcher = ['LICENSE', 'README.md', 'find-program.js', 'launcher.js', 'node_modules', 'package.json', 'refusal.js', 'remedy.js', 'run-program.js'];
  assert.deepEqual((await readdir(join(packages, 'oidc-helper'))).sort(), launcher);
  assert.deepEqual((await readdir(join(nested, platform))).sort(), ['LICENSE', 'README.md', THIRD_PARTY, 'bin', 'package.json']);
  assert.equal((await stat(join(nested, platform, 'bin', COMMAND))).mode & 0o777, 0o755);
  return join(prefix, 'bin', COMMAND);
}
