import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';

import { InstalledLauncher } from '../installed-launcher.mjs';
import finding from './find-program.js';

const { findProgram } = finding;

/** @type {InstalledLauncher} */
let installed;

afterEach(() => installed.remove());

/** @param {string} system @param {Record<string, string>} [env] */
function find(system, env) {
  return findProgram(installed.manifest, installed.machine(system, env));
}

/** @param {string} sentence */
function notFound(sentence) {
  return { exitCode: 127, message: sentence };
}

test('the program of the package for the system is found', async () => {
  installed = await InstalledLauncher.make();
  for (const system of ['linux-x64', 'linux-arm64', 'darwin-arm64', 'darwin-x64', 'win32-x64']) {
    const program = await installed.add(system);
    assert.deepEqual(find(system), { program, fits: 'native' });
  }
});

test('a program for a processor that the system imitates is taken where there is none for its own', async () => {
  installed = await InstalledLauncher.make();
  const [intel, windows] = [await installed.add('darwin-x64'), await installed.add('win32-x64')];
  assert.deepEqual(find('darwin-arm64'), { program: intel, fits: 'perhaps' });
  assert.deepEqual(find('win32-arm64'), { program: windows, fits: 'perhaps' });
  const arm = await installed.add('darwin-arm64');
  assert.deepEqual(find('darwin-arm64'), { program: arm, fits: 'native' });
  assert.throws(() => find('linux-x64'), { exitCode: 127 });
});

test('a system without a package is told which have one, and what to use instead', async () => {
  installed = await InstalledLauncher.make();
  for (const system of ['freebsd-x64', 'linux-ia32', 'win32-ia32', 'linux-riscv64', 'android-arm64']) {
    const sentence =
      `@backstage/oidc-helper has no program for ${system}, only for linux-x64, linux-arm64, win32-x64, darwin-arm64, darwin-x64: ` +
      'use a Node for one of these, the container image, or a program that you build from its source with cargo.';
    assert.throws(() => find(system), notFound(sentence));
  }
});

const MISSING =
  '@backstage/oidc-helper-linux-arm64, which @backstage/oidc-helper needs here, is not installed (a lock file made on another system leaves ' +
  'it out, and so does an installation without optional packages): run ';

test('a missing package is installed by a command of the package manager that is used', async () => {
  installed = await InstalledLauncher.make();
  await installed.add('darwin-arm64');
  const commands = {
    '': 'npm install --save-optional --include=optional',
    'npm/11.19.1 node/v22.23.3 linux x64 workspaces/false': 'npm install --save-optional --include=optional',
    'pnpm/12.4.2 npm/? node/v22.23.3 linux x64': 'pnpm add --save-optional',
    'yarn/4.18.1 npm/? node/v22.23.3 linux x64': 'yarn add --optional',
    'bun/1.3.0 npm/? node/v24.3.0 linux x64': 'bun add --optional',
  };
  for (const [agent, command] of Object.entries(commands)) {
    const sentence = `${MISSING}\`${command} @backstage/oidc-helper-linux-arm64@1.2.3\`, then this again.`;
    assert.throws(() => find('linux-arm64', { npm_config_user_agent: agent }), notFound(sentence));
  }
});

test('a package that is missing in a global installation is installed globally', async () => {
  installed = await InstalledLauncher.make('lib/node_modules');
  await rm(join(installed.modules, '../package.json'));
  const sentence = `${MISSING}\`npm install -g @backstage/oidc-helper-linux-arm64@1.2.3\`, then this again.`;
  assert.throws(() => find('linux-arm64', { npm_config_user_agent: 'npm/11.19.1' }), notFound(sentence));
});

test('a package that is missing in the folder of npx is named to npx', async () => {
  installed = await InstalledLauncher.make('_npx/0123456789abcdef/node_modules');
  const command = 'npx -p @backstage/oidc-helper@1.2.3 -p @backstage/oidc-helper-linux-arm64@1.2.3 backstage-oidc-helper';
  assert.throws(() => find('linux-arm64'), notFound(`${MISSING}\`${command}\` instead.`));
});

test('where pnpm, Yarn and Bun keep packages, their own command is named, whatever started the launcher', async () => {
  const layouts = {
    'project/node_modules/.pnpm/@backstage+oidc-helper@1.2.3/node_modules': '`pnpm add --save-optional {wanted}`, then this again.',
    'project/node_modules/.pacquet/@backstage+oidc-helper@1.2.3/node_modules': '`pnpm add --save-optional {wanted}`, then this again.',
    '.cache/pnpm/dlx/0123/4567-8/node_modules/.pacquet/@backstage+oidc-helper@1.2.3/node_modules':
      '`pnpm --package=@backstage/oidc-helper@1.2.3 --package={wanted} dlx backstage-oidc-helper` instead.',
    '.yarn/berry/cache/@backstage-oidc-helper-npm-1.2.3-0.zip/node_modules': '`yarn add --optional {wanted}`, then this again.',
    '.local/share/pnpm/global/5/node_modules/.pnpm/@backstage+oidc-helper@1.2.3/node_modules': '`pnpm add -g {wanted}`, then this again.',
    '.config/yarn/global/node_modules': '`yarn global add {wanted}`, then this again.',
    '.bun/install/global/node_modules': '`bun add -g {wanted}`, then this again.',
    'project/.yarn/unplugged/@backstage-oidc-helper-npm-1.2.3/node_modules': '`yarn add --optional {wanted}`, then this again.',
  };
  for (const [layout, command] of Object.entries(layouts)) {
    installed = await InstalledLauncher.make(layout);
    await rm(join(installed.modules, '../package.json'));
    await writeFile(join(installed.root, 'project/package.json'), '{}').catch(() => undefined);
    const sentence = `${MISSING}${command.replace('{wanted}', '@backstage/oidc-helper-linux-arm64@1.2.3')}`;
    assert.throws(() => find('linux-arm64'), notFound(sentence), layout);
    await installed.remove();
  }
});

test('what yarn dlx runs is named to yarn dlx', async () => {
  installed = await InstalledLauncher.make('.yarn/berry/cache/@backstage-oidc-helper-npm-1.2.3-0.zip/node_modules');
  const command = 'yarn dlx -p @backstage/oidc-helper@1.2.3 -p @backstage/oidc-helper-linux-arm64@1.2.3 backstage-oidc-helper';
  assert.throws(() => find('linux-arm64', { PROJECT_CWD: '/tmp/xfs-1/dlx-4711' }), notFound(`${MISSING}\`${command}\` instead.`));
});

test('a package of another version is not run', async () => {
  installed = await InstalledLauncher.make();
  await installed.add('win32-x64', { version: '1.2.2' });
  const sentence =
    '@backstage/oidc-helper is version 1.2.3 and @backstage/oidc-helper-win32-x64 version 1.2.2, and they do not go together: ' +
    'run `npm install --save-optional --include=optional @backstage/oidc-helper-win32-x64@1.2.3`, then this again.';
  assert.throws(() => find('win32-x64'), notFound(sentence));
});
