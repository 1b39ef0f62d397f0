import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { DrivenBrowser } from '../../demo/driven-browser.mjs';
import { kept, usable } from '../../demo/headless.mjs';
import { Parts } from '../../demo/parts.mjs';
import { Program } from '../../demo/program.mjs';
import { logInAtIdp } from '../../image/browser-login.mjs';
import { step } from '../../setup/steps.mjs';
import { LOGS } from './roots.mjs';

/** @typedef {import('./roots.mjs').Way} Way */

/**
 * Runs a released program in each of these ways: it says its version, and logs in.
 *
 * @param {Way[]} ways
 * @param {string} version as `--version` says it
 */
export async function logInBy(ways, version) {
  for (const { name, line } of ways) {
    await step(`${name} -V`, async () => assert.equal(await said(line, '--version'), `${version}\n`));
  }
  const parts = new Parts();
  try {
    const backend = await step('start', () => parts.start());
    const browser = parts.add(await DrivenBrowser.start());
    for (const way of ways) {
      await step(way.name, () => logIn(way, backend, browser));
    }
  } finally {
    await parts.stop();
  }
}

/**
 * @param {string[]} line
 * @param {string[]} args
 * @returns {Promise<string>} what it prints
 */
export async function said([program = '', ...before], ...args) {
  return (await promisify(execFile)(program, [...before, ...args])).stdout;
}

/**
 * @param {Way} way
 * @param {string} backend
 * @param {DrivenBrowser} browser
 */
async function logIn({ name, line: [command, ...before] }, backend, browser) {
  const helper = new Program(name, [...before, 'login', '--backend', backend, '--no-browser'], {}, command, LOGS);
  try {
    const [link] = /http:\/\/localhost:\d+\/go\/\S+/.exec(await helper.line(/\/go\//)) ?? [];
    await browser.act({ op: 'open', url: link });
    await logInAtIdp(browser);
    await helper.line(/^Connected: user:default\/felix/);
    assert.equal(await helper.exit(), 0);
    await kept(backend);
    await usable(backend);
  } finally {
    await helper.stop();
  }
}
