import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after } from 'node:test';

import { Environment } from '../../dev/environment/environment.mjs';
import { inRepository } from '../../dev/setup/repository.mjs';
import { ChromiumWithExtension } from './browsers/chromium.mjs';
import { FirefoxWithExtension } from './browsers/firefox.mjs';
import { inTurn } from './in-turn.mjs';
import { PortalUser } from './portal-user.mjs';
import { Front, WAYS } from './provider-front.mjs';
import { until } from './until.mjs';

/**
 * @typedef {import('./browsers/browser.mjs').ExtendedBrowser} ExtendedBrowser
 * @typedef {import('node:test').TestContext} TestContext
 */

/** The browser of this process's tests. @type {ExtendedBrowser['name']} */
export const NAME = process.env['BROWSER'] === 'Firefox' ? 'Firefox' : 'Chromium';

/** The folder for logs and screenshots. */
const ARTEFACTS = `target/test-output/extension/${process.env['OUTPUT'] ?? NAME.toLowerCase()}`;

/** The access that the extension asks for when this portal is added. */
export const ACCESS = ['http://localhost/*', 'http://127.0.0.1/*'];

/** One environment for all tests: a test that stops a part of it starts it again. */
export const front = await Front.start();
export const environment = await Environment.start(ARTEFACTS, front);
// No program on the user's machine: the extension is all there is.
await environment.helper.stop();

/** What an administrator or a user configures. */
export const PORTAL = { appUrl: environment.url, providers: [new URL(front.issuer).origin] };

const KINDS = { Chromium: ChromiumWithExtension, Firefox: FirefoxWithExtension };

/** The browser of most tests; it is as it was installed but for the portal. @type {ExtendedBrowser} */
export const browser = await KINDS[NAME].launch({ granted: ACCESS });
after(() => inTurn(() => browser.discard(), () => environment.stop(), () => front.close()));
await configure(browser, [PORTAL]);

/** @returns {ChromiumWithExtension} the same, in the tests that Chromium alone has */
export function chromium() {
  assert.ok(browser instanceof ChromiumWithExtension);
  return browser;
}

/** @param {string} name of a file that is kept */
export function artefact(name) {
  return inRepository(join(ARTEFACTS, name));
}

/**
 * A browser for one test: such a one as the tests of this process have.
 *
 * @param {TestContext} test
 * @param {string} [program] that is run instead of the browser's own
 * @returns {Promise<ExtendedBrowser>}
 */
export async function launch(test, program) {
  const another = await KINDS[NAME].launch({ granted: ACCESS, program });
  test.after(() => another.discard());
  return another;
}

/**
 * The same, for a test that closes it, starts it again with its profile, and discards it.
 *
 * @param {string} [profile]
 * @returns {Promise<ExtendedBrowser>}
 */
export async function launchInstalled(profile) {
  return KINDS[NAME].launch({ granted: ACCESS, staysInstalled: true, profile });
}

/**
 * Keeps a list of portals, as the options page does.
 *
 * @param {ExtendedBrowser} browser
 * @param {object[]} portals
 */
export async function configure(browser, portals) {
  await inExtension(browser, (list) => chrome.storage.local.set({ portals: list }), portals);
}

/**
 * Makes the extension show the account again before it goes on.
 *
 * @param {ExtendedBrowser} browser
 */
export async function forgetConfirmed(browser) {
  await inExtension(browser, () => chrome.storage.local.remove('confirmed'), undefined);
}

/**
 * Runs a function in a page of the extension's.
 *
 * @template Argument
 * @template Result
 * @param {ExtendedBrowser} browser
 * @param {(argument: Argument) => Result} script
 * @param {Argument} argument
 * @returns {Promise<Awaited<Result>>}
 */
export async function inExtension(browser, script, argument) {
  const tab = await browser.newTab();
  await tab.open(`${browser.origin}/options.html`);
  await until('the page of the extension is there', () => tab.run(() => typeof chrome.storage?.local === 'object', undefined));
  try {
    return await tab.run(script, argument);
  } finally {
    await tab.close();
  }
}

/** @param {ExtendedBrowser} browser @returns {Promise<number>} the rules that the extension has there */
export function rulesIn(browser) {
  return inExtension(browser, async () => (await chrome.declarativeNetRequest.getSessionRules()).length, undefined);
}

/**
 * A user of the portal at one of the browsers. At the end of the test all is as before: no login, no tab, the provider as usual.
 *
 * @param {TestContext} test
 * @param {ExtendedBrowser} browser
 * @param {'felix' | 'mara'} [login]
 */
export function userAt(test, browser, login = 'felix') {
  const user = new PortalUser({ browser, portal: environment.url, issuer: front.issuer, login });
  test.after(async () => {
    front.sendBack = WAYS['a 302'];
    await inTurn(() => browser.closed || closeTabs(test, browser), () => user.disconnect());
  });
  return user;
}

/**
 * @param {TestContext} test
 * @param {ExtendedBrowser} browser
 */
async function closeTabs(test, browser) {
  // Without any tab the browser would end.
  const kept = await browser.newTab();
  for (const tab of (await browser.tabs()).filter((other) => other !== kept)) {
    if (!Object(test).passed) {
      await tab.picture(artefact(`end of ${test.name.replaceAll(/\W+/g, '-')}.png`)).catch(() => {});
    }
    await tab.close().catch(() => {});
  }
}

/** @returns {string[]} every state, code and session token so far that must not be seen elsewhere */
export function secrets() {
  return front.callbacks.flatMap(({ searchParams }) => ['code', 'state'].flatMap((name) => searchParams.get(name) ?? []));
}
