import assert from 'node:assert/strict';

import { build } from 'esbuild';

import { startBackstage } from '../backstage/started-backstage.mjs';
import { kept } from '../demo/headless.mjs';
import { Parts } from '../demo/parts.mjs';
import { Program } from '../demo/program.mjs';
import { register } from '../portal/access.mjs';
import { headersFrom, Portal } from '../portal/portal.mjs';
import { inRepository } from '../setup/repository.mjs';
import { step } from '../setup/steps.mjs';
import { writeDocumentedPolicy } from './documented-policy.mjs';
import { WebKitBrowser } from './webkit-browser.mjs';

/** The plugin's own code. */
const HAND_OVER = inRepository('backstage/plugins/cluster-auth/src/login/handOverToHelper.ts');

/** Where the plugin hands over, unless it is configured otherwise. */
const HELPER = 'http://localhost:8888';

/** Has a button of the page call the plugin's code: browsers open a tab for a click only. */
const BUTTON = `
  const [helper, token] = arguments;
  const button = document.createElement('button');
  button.id = 'hand-over-by-plugin';
  button.textContent = 'Hand over';
  button.onclick = () => plugin.handOverToHelper(document, helper, token);
  document.body.append(button);`;

/**
 * Hands a login over in WebKit, from pages with the headers of a real Backstage: with its default policy, which is known to fail, and
 * with what docs/backstage.md says of Safari.
 *
 * @param {string} logs a folder in the checkout
 * @returns {Promise<string>} figures
 */
export async function runInWebKit(logs) {
  const parts = new Parts();
  try {
    const portal = await step('headers', () => portalLikeBackstage());
    const backend = await step('start', () => parts.start(async () => portal));
    const helper = parts.add(new Program('helper-for-webkit', ['proxy', '--backend', backend], { LOG_FORMAT: 'json' }, undefined, logs));
    await helper.line(/"message":"listening"/);
    const browser = parts.add(await step('webkit', () => WebKitBrowser.start()));
    const here = { browser, page: portal.url, token: await register(backend) };
    await step('default', () => upgradedToHttps(here, helper));
    portal.headers = await step('as written', () => documentedHeaders(logs));
    await step('hand over', () => handedOver(here));
    await step('keep', () => kept(backend));
    return 'WebKit: a login handed over with the policy of docs/backstage.md, none with the default one';
  } finally {
    await parts.stop();
  }
}

/** @typedef {{browser: WebKitBrowser, page: string, token: string}} Here */

/** A page under https with the headers of a Backstage as it comes. */
async function portalLikeBackstage() {
  const backstage = await startBackstage('http://localhost:1');
  const portal = await Portal.start({ headersOf: backstage.url });
  await backstage.stop();
  // Backstage also sends Strict-Transport-Security, which would hold for all of `localhost`; addresses are exempt from it (RFC 6797, 8.3).
  portal.url = portal.url.replace('localhost', '127.0.0.1');
  assert.match(String(portal.headers['content-security-policy']), /upgrade-insecure-requests/, 'not the default policy any more');
  return portal;
}

/** @param {string} logs */
async function documentedHeaders(logs) {
  const file = inRepository(logs, 'app-config.documented.yaml');
  await writeDocumentedPolicy(file);
  const backstage = await startBackstage('http://localhost:1', ['--config', file]);
  const headers = await headersFrom(backstage.url);
  await backstage.stop();
  assert.match(String(headers['content-security-policy']), /script-src/);
  return headers;
}

/** @param {Here} here */
async function clickOnPage({ browser, page, token }) {
  await browser.open(page);
  await browser.run(`${await bundledPlugin()}\n${BUTTON}`, [HELPER, token]);
  await browser.click('#hand-over-by-plugin');
}

/**
 * Should WebKit leave `http://localhost` alone one day, this fails: the documents need not show the line any more.
 *
 * @param {Here} here
 * @param {Program} helper
 */
async function upgradedToHttps(here, helper) {
  await clickOnPage(here);
  assert.match(await helper.line(/spoke https/), /Backstage's admin sets backend\.csp\.upgrade-insecure-requests to false/);
}

/** The whole login, with the same session: nothing has used it up. @param {Here} here */
async function handedOver(here) {
  const { browser } = here;
  await clickOnPage(here);
  await browser.goToNewTab();
  await browser.waitFor('body[data-outcome=confirm]');
  assert.ok((await browser.address()).startsWith(HELPER));
  await browser.click('#continue');
  await browser.logInAtIdp();
  await browser.waitFor('body[data-outcome=success]');
}

/** @returns {Promise<string>} the plugin's code, as a script that sets `plugin` */
async function bundledPlugin() {
  const { outputFiles } = await build({ entryPoints: [HAND_OVER], bundle: true, write: false, format: 'iife', globalName: 'plugin' });
  return outputFiles[0]?.text ?? '';
}
