'use strict';

const { existsSync } = require('node:fs');
const { join } = require('node:path');

const PROGRAM = 'backstage-oidc-helper';

/** How package managers add an optional package to a project (npm also where its configuration leaves them out), and for all folders. */
const COMMANDS = {
  npm: { add: 'npm install --save-optional --include=optional', addGlobally: 'npm install -g' },
  pnpm: { add: 'pnpm add --save-optional', addGlobally: 'pnpm add -g' },
  yarn: { add: 'yarn add --optional', addGlobally: 'yarn global add' },
  bun: { add: 'bun add --optional', addGlobally: 'bun add -g' },
};

/** @typedef {keyof typeof COMMANDS} PackageManager */

/** Where others than npm keep packages. @type {[RegExp, PackageManager][]} */
const PATHS = [
  [/\/node_modules\/\.(pnpm|pacquet)\/|\/pnpm\/global\//, 'pnpm'],
  [/\.zip\/node_modules\/|\/\.yarn\/|\/yarn\/global\//, 'yarn'],
  [/\/\.bun\/install\//, 'bun'],
];

/** Where others than npm keep what is there for all folders. */
const GLOBAL = /\/(pnpm|yarn|\.bun\/install)\/global\//;

/**
 * Folders that are no project of the user's, and how the same is run with several packages. What npx and pnpm dlx have once installed they do
 * not look at again; another list of packages gets another folder. Yarn's own is the folder that it runs in, its packages are in one cache.
 *
 * @type {[RegExp, string][]}
 */
const FOR_ONE_RUN = [
  [/\/_npx\//, 'npx -p {own} -p {wanted}'],
  [/\/pnpm\/dlx\//, 'pnpm --package={own} --package={wanted} dlx'],
  [/\/dlx-\d+\/?$/, 'yarn dlx -p {own} -p {wanted}'],
];

/**
 * The command that installs the package for this system, the way that the launcher was installed.
 *
 * @param {string} missing its name
 * @param {import('./find-program.js').Manifest} own
 * @param {import('./find-program.js').Machine} machine
 */
function remedy(missing, own, { folder, env }) {
  const wanted = `${missing}@${own.version}`;
  const [path = '', project = ''] = [folder, env['PROJECT_CWD'] ?? ''].map((one) => one.replaceAll('\\', '/'));
  const [, run] = FOR_ONE_RUN.find(([pattern]) => pattern.test(path) || pattern.test(project)) ?? [];
  if (run !== undefined) {
    return `run \`${run.replace('{own}', `${own.name}@${own.version}`).replace('{wanted}', wanted)} ${PROGRAM}\` instead.`;
  }
  const manager = packageManager(path, env);
  const { add, addGlobally } = COMMANDS[manager];
  return `run \`${isGlobal(path, manager) ? addGlobally : add} ${wanted}\`, then this again.`;
}

/**
 * @param {string} path
 * @param {Record<string, string | undefined>} env package managers say in it who they are when they run something
 * @returns {PackageManager}
 */
function packageManager(path, env) {
  const [, byPath] = PATHS.find(([pattern]) => pattern.test(path)) ?? [];
  const [agent = ''] = (env['npm_config_user_agent'] ?? '').split('/');
  const byName = /** @type {PackageManager[]} */ (Object.keys(COMMANDS)).find((name) => name === agent);
  return byPath ?? byName ?? 'npm';
}

/**
 * @param {string} path
 * @param {PackageManager} manager
 */
function isGlobal(path, manager) {
  // Beside npm's own node_modules nothing but a project has a manifest.
  const [outermost = ''] = path.split('/node_modules/');
  return GLOBAL.test(path) || (manager === 'npm' && path.includes('/node_modules/') && !existsSync(join(outermost, 'package.json')));
}

module.exports = { remedy };
