import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

import { runCommand } from '../../dev/setup/command.mjs';
import { inRepository } from '../../dev/setup/repository.mjs';

const HERE = import.meta.dirname;
const TOOLS = join(HERE, 'node_modules');

/** Everything that is made. */
export const STOCK = inRepository('target/stock-app');
export const LOG = join(STOCK, 'stock-app.log');

/** The app's yarn.lock, so that it is the same on every machine and day; under that name npm would write into it here. */
export const LOCK = join(HERE, 'app.yarn.lock');

/** The Node of the app's developer, and that of its image. */
export const NODE_22 = join(TOOLS, 'node-22');
export const NODE_24 = join(TOOLS, 'node-24');

/** The app is in one workspace with the legacy one, which then needs no packages of its own. */
export const APPS = /** @type {const} */ (['app', 'legacy-app']);

/** @returns {Promise<string>} the registry that npm has here: yarn does not read npm's settings */
export async function registry() {
  const { stdout } = await promisify(execFile)('npm', ['config', 'get', 'registry']);
  return stdout.trim().replace(/\/$/, '');
}

/** @returns {Promise<Record<string, string>>} the variables of a shell in which `node` and `yarn` are what an app wants */
export async function shellVariables() {
  return {
    PATH: [join(NODE_22, 'bin'), join(TOOLS, '.bin'), process.env['PATH']].join(delimiter),
    YARN_NPM_REGISTRY_SERVER: await registry(),
    YARN_ENABLE_TELEMETRY: 'false',
    // Node's headers are in its package, which spares a download.
    npm_config_nodedir: NODE_22,
  };
}

/**
 * The app of the template, as it was when its packages had been installed; made at the first time.
 *
 * @returns {Promise<string>} its folder
 */
export async function stockApp() {
  const folder = join(STOCK, `app-${await hashOf([LOCK, join(HERE, 'package-lock.json')])}`);
  if (!existsSync(folder)) {
    const unfinished = `${folder}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    await create(unfinished);
    await raise(join(unfinished, 'app'));
    await inShell(join(unfinished, 'app'), 'yarn install --immutable');
    await inShell(join(unfinished, 'app'), `${GIT} init --quiet && ${GIT} add --all && ${GIT} commit --quiet --message=template`);
    await rename(unfinished, folder);
  }
  const app = join(folder, 'app');
  // What an earlier run changed and built; packages that it added stay until yarn looks at them.
  await inShell(app, `${GIT} reset --quiet --hard && ${GIT} clean --quiet -d --force -x --exclude=node_modules --exclude=.yarn`);
  return app;
}

/** No settings of this machine's, and an author. */
const GIT = 'GIT_CONFIG_GLOBAL=/dev/null git -c user.name=stock-app -c user.email=stock-app@example.com -c safe.directory="*"';

/**
 * Both templates; what follows is in `app`.
 *
 * @param {string} folder
 */
export async function create(folder) {
  for (const [name, option] of [['app', ''], ['legacy', '--legacy']]) {
    await inShell(folder, `BACKSTAGE_APP_NAME=${name} backstage-create-app ${option} --skip-install`);
  }
  const legacy = join(folder, 'app/packages/legacy-app');
  await cp(join(folder, 'legacy/packages/app'), legacy, { recursive: true });
  await changeManifest(legacy, (manifest) => ({ ...manifest, name: 'legacy-app' }));
  // create-app makes a repository only where git has an author.
  await rm(join(folder, 'app/.git'), { recursive: true, force: true });
}

/**
 * Writes into each package.json what the lock file has: the packages of the newest release. Those of the template, and of others the
 * newest, do not start together; Backstage's own lock file, which would prevent that, is not on npm.
 *
 * @param {string} app
 */
async function raise(app) {
  const lock = await readFile(LOCK, 'utf8');
  await cp(LOCK, join(app, 'yarn.lock'));
  for (const folder of ['.', 'packages/backend', ...APPS.map((name) => `packages/${name}`)]) {
    const [, entry = ''] = new RegExp(`@workspace:${folder}":\\n((?: .*\\n)+)`).exec(lock) ?? [];
    const ranges = new Map([...entry.matchAll(/^ {4}"(@backstage\/.+)": "npm:(.+)"$/gm)].map(([, name, range]) => [name, range]));
    const raised = (/** @type {Record<string, string>} */ all = {}) =>
      Object.fromEntries(Object.entries(all).map(([name, range]) => [name, ranges.get(name) ?? range]));
    await changeManifest(join(app, folder), (manifest) => ({
      ...manifest,
      ...(manifest.dependencies && { dependencies: raised(manifest.dependencies) }),
      devDependencies: raised(manifest.devDependencies),
    }));
  }
}

/** @typedef {{dependencies?: Record<string, string>, devDependencies?: Record<string, string>, name: string}} Manifest */

/**
 * @param {string} folder
 * @param {(manifest: Manifest) => Manifest} change
 */
async function changeManifest(folder, change) {
  const path = join(folder, 'package.json');
  await writeFile(path, `${JSON.stringify(change(JSON.parse(await readFile(path, 'utf8'))), null, 2)}\n`);
}

/**
 * Runs commands as a person types them.
 *
 * @param {string} folder
 * @param {string} commands
 */
export async function inShell(folder, commands) {
  await runCommand({ line: ['nice', 'sh', '-e', '-c', commands], folder, variables: await shellVariables(), log: LOG });
}

/**
 * @param {string[]} files
 * @returns {Promise<string>}
 */
async function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 12);
}
