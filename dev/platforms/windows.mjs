import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';

import { DrivenBrowser } from '../demo/driven-browser.mjs';
import { kept, usable } from '../demo/headless.mjs';
import { Parts } from '../demo/parts.mjs';
import { logInAtIdp } from '../image/browser-login.mjs';
import { Portal } from '../portal/portal.mjs';
import { runCommand } from '../setup/command.mjs';
import { inRepository } from '../setup/repository.mjs';
import { step } from '../setup/steps.mjs';
import { memoryOfWaitingProxy } from './memory.mjs';
import { OpenedLinks } from './opened-links.mjs';
import { throughNpm } from './windows-npm.mjs';
import { Wine } from './wine.mjs';

/** An address of this network alone that is not loopback: only such a Backstage is asked about, and remembered in a private file. */
const BACKSTAGE_HOST = '198.51.100.1';

/** Where the confirmed Backstage is remembered, below the user's local folder. */
const CONFIRMED = 'confirmed-backends.json';

/**
 * What the program does on Windows, as far as Wine shows it.
 *
 * @param {string} logs a folder in the checkout
 * @returns {Promise<string>} figures
 */
export async function runOnWindows(logs) {
  const parts = new Parts();
  try {
    const wine = parts.add(await step('wine', () => Wine.start(logs)));
    await step('version', () => version(wine));
    await step('port taken', () => portTaken(wine));
    const [browser, links] = [parts.add(await DrivenBrowser.start()), parts.add(await OpenedLinks.start(logs))];
    await wine.setDefaultBrowser(links.program);
    const { page, portal, backend } = await step('start', () => beside(parts, logs));
    const here = { wine, page, portal, backend, browser, links };
    await step('login', () => firstLogin(here));
    await step('again', () => loginThroughNamedBrowser(here));
    await step('status', () => status(here));
    await step('npm', () => throughNpm(here));
    await step('proxy', () => handedOver(here));
    const memory = await step('memory', () => memoryOfWaitingProxy(wine, backend));
    await step('Ctrl-C', () => interrupted(here));
    await step('forget', () => forget(here));
    return 'Windows under Wine: version, status, 4 logins in a browser, one of them handed over to the proxy and one by the npm packages, port taken, Ctrl-C, private files; ' + memory;
  } finally {
    await parts.stop();
  }
}

/** @typedef {{wine: Wine, page: Portal, portal: string, backend: string, browser: DrivenBrowser, links: OpenedLinks}} Here */

/** @param {Wine} wine */
async function version(wine) {
  const { code, stdout, stderr } = await wine.run(['--version']);
  assert.match(`${code} ${stdout}`, /^0 backstage-oidc-helper \d+\.\d+\.\d+ \(.+\)\r?\n$/, stderr);
}

/** Another program has one of the addresses of `localhost`. @param {Wine} wine */
async function portTaken(wine) {
  for (const host of ['127.0.0.1', '::1']) {
    const other = createServer().listen(8000, host);
    await once(other, 'listening');
    const { code, stderr } = await wine.run(['login', '--no-browser', '--backend', 'http://localhost:1']);
    other.close();
    assert.equal(code, 3, stderr);
    assert.match(stderr, /Port 8000 is taken by another program \(`netstat -ano \| findstr :8000` shows .*\): stop that program/);
  }
}

/**
 * Identity provider, cluster, backend and a page of Backstage's, which is also at an address that is not loopback.
 *
 * @param {Parts} parts
 * @param {string} logs
 */
async function beside(parts, logs) {
  if (!Object.values(networkInterfaces()).flat().some((one) => one?.address === BACKSTAGE_HOST)) {
    await runCommand({ line: ['ip', 'address', 'add', `${BACKSTAGE_HOST}/32`, 'dev', 'lo'], log: inRepository(logs, 'setup.log') });
  }
  const page = await Portal.start({ inContainer: true });
  const backend = await parts.start(async () => page);
  return { page, portal: `http://${BACKSTAGE_HOST}:${page.port}`, backend };
}

/**
 * @param {Here} here
 * @param {string} command
 * @param {Record<string, string>} [variables]
 */
function begin({ wine, portal }, command, variables = {}) {
  return wine.begin(`windows-${command}`, [command, '--backend', portal], { INSECURE_HTTP_HOSTS: BACKSTAGE_HOST, ...variables });
}

/** With the default browser, which asks whether this Backstage is one's own. @param {Here} here */
async function firstLogin(here) {
  const { wine, browser, backend, links } = here;
  const helper = begin(here, 'login');
  await browser.act({ op: 'open', url: await links.next() });
  await browser.act({ op: 'waitFor', selector: 'body[data-outcome=confirm-backend]' });
  await browser.act({ op: 'click', selector: '#continue' });
  await logInAtIdp(browser);
  assert.equal(await helper.exit(), 0);
  await kept(backend);
  await usable(backend);
  const files = await wine.privateFiles();
  assert.ok(files.includes(CONFIRMED) && files.every((path) => !path.includes('/')), `not in the local folder of the user: ${files}`);
}

/** With a program that BROWSER names; nothing is asked any more. @param {Here} here */
async function loginThroughNamedBrowser(here) {
  const { browser, links } = here;
  const helper = begin(here, 'login', { BROWSER: `Z:${links.program.replaceAll('/', '\\')} %s` });
  await browser.act({ op: 'open', url: await links.next() });
  await logInAtIdp(browser);
  assert.equal(await helper.exit(), 0);
}

/** @param {Here} here */
async function status({ wine, portal }) {
  const { code, stdout, stderr } = await wine.run(['status', '--backend', portal], { INSECURE_HTTP_HOSTS: BACKSTAGE_HOST });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /connected as felix@example\.com/);
}

/** To the role that keeps running, from a page of Backstage's. @param {Here} here */
async function handedOver({ wine, page, backend, browser }) {
  page.helper = 'http://localhost:8888';
  const helper = wine.begin('windows-proxy', ['proxy', '--backend', backend], { LOG_FORMAT: 'json' });
  await helper.line(/"message":"listening"/);
  await browser.act({ op: 'open', url: page.url });
  await browser.act({ op: 'click', selector: '#access' });
  await browser.act({ op: 'click', selector: '#hand-over' });
  await browser.act({ op: 'waitFor', selector: 'body[data-outcome=confirm]' });
  await browser.act({ op: 'click', selector: '#continue' });
  await logInAtIdp(browser);
  await helper.line(/"message":"the redirect URI's port is closed"/);
  helper.interrupt();
  assert.equal(await helper.exit(), 0);
}

/** @param {Here} here */
async function interrupted(here) {
  const helper = begin(here, 'login', { BROWSER: 'none' });
  await helper.line(/\/go\//);
  helper.interrupt();
  assert.equal(await helper.exit(), 130);
}

/** The private files go, except for locks without content. @param {Here} here */
async function forget({ wine, portal }) {
  const variables = { INSECURE_HTTP_HOSTS: BACKSTAGE_HOST };
  const { code, stderr } = await wine.run(['logout', '--local', '--backend', portal], variables);
  assert.equal(code, 0, stderr);
  const ended = await wine.run(['status', '--backend', portal], variables);
  assert.equal(ended.code, 1, ended.stdout);
}
