import assert from 'node:assert/strict';
import { it } from 'node:test';

import { chromium, environment, firefox, forgetConfirmed, inExtension, userAt } from './environment.mjs';
import { outcomeOf } from './portal-user.mjs';
import { until } from './until.mjs';

it('Chromium: the service worker is killed before the login, at the question, and at the provider', async (test) => {
  const user = userAt(test, chromium, 'mara');
  await forgetConfirmed(chromium);
  const page = await user.openPortal();
  await chromium.killWorker();
  const login = await user.begin(page);
  const tab = await login.tab();
  await until('the account is shown', async () => (await outcomeOf(tab)) === 'confirm');
  assert.equal(await chromium.killWorker(), 1);
  await login.atProvider();
  assert.equal(await chromium.killWorker(), 1);
  await login.logIn();
  assert.equal((await login.result()).ok, true);
  assert.equal(await user.isConnected(), true);
});

it('Chromium: the service worker is killed while the backend is away, and the page is told all the same', async (test) => {
  test.after(() => environment.backend.start());
  const user = userAt(test, chromium);
  const login = await user.begin();
  const tab = await login.atProvider();
  await environment.backend.stop();
  await login.logIn();
  await until('the page says that the backend is away', async () => (await outcomeOf(tab)) === 'backend-away');
  await chromium.killWorker();
  await environment.backend.start();
  assert.equal((await login.result()).ok, true);
});

it('Chromium: no rule is left after a login', async (test) => {
  const user = userAt(test, chromium);
  const login = await user.begin();
  await login.atProvider();
  const during = await rulesIn(chromium);
  assert.ok(during > 0, `${during} rules`);
  await login.logIn();
  await login.result();
  await until('the rules are gone', async () => (await rulesIn(chromium)) === 0);
});

it('Firefox: the background sleeps at the provider, and wakes for the callback; no rule is left', async (test) => {
  const user = userAt(test, firefox);
  const login = await user.begin();
  await login.atProvider();
  assert.equal(await rulesIn(firefox), 1);
  const options = await firefox.newTab();
  await options.open(`${firefox.origin}/options.html`);
  await until('the background sleeps', () => options.run(() => chrome.extension.getBackgroundPage() === null, undefined));
  await login.logIn();
  assert.equal((await login.result()).ok, true);
  await until('the rules are gone', async () => (await rulesIn(firefox)) === 0);
});

/** @param {import('./browsers/browser.mjs').ExtendedBrowser} browser */
function rulesIn(browser) {
  return inExtension(browser, async () => (await chrome.declarativeNetRequest.getSessionRules()).length, undefined);
}
