import assert from 'node:assert/strict';
import { it } from 'node:test';

import { BROWSERS, chromium, front, userAt } from './environment.mjs';
import { DevApp } from './port-8000.mjs';
import { CALLBACK, WAYS } from './provider-front.mjs';
import { until } from './until.mjs';

/** @param {import('./browsers/browser.mjs').Tab} tab @returns {Promise<string[]>} the addresses that the app's service worker was asked for */
async function seenByWorker(tab) {
  return tab.run(async () => (await fetch('/seen-by-worker')).json(), undefined);
}

/**
 * @param {import('node:test').TestContext} test
 * @param {import('./browsers/browser.mjs').ExtendedBrowser} browser
 */
async function appIn(test, browser) {
  const app = await DevApp.start();
  test.after(() => app.stop());
  const tab = await browser.newTab();
  await tab.open(CALLBACK);
  await until('the app is shown', () => tab.run(() => document.title === 'Another app', undefined));
  return { app, tab };
}

/** @param {import('./browsers/browser.mjs').Tab} tab */
async function installWorker(tab) {
  await tab.run(async () => {
    await navigator.serviceWorker.register('/sw.js');
    await navigator.serviceWorker.ready;
  }, undefined);
  await until('the worker controls the app', () => tab.run(() => navigator.serviceWorker.controller !== null, undefined));
}

/** @param {import('./browsers/browser.mjs').ExtendedBrowser} browser the app's worker goes, with all that it has seen */
async function removeWorker(browser) {
  const tab = await browser.newTab();
  await tab.open(CALLBACK);
  await tab.run(async () => {
    const all = await navigator.serviceWorker.getRegistrations();
    await Promise.all(all.map((registration) => registration.unregister()));
  }, undefined);
  await tab.close();
}

for (const browser of BROWSERS) {
  it(`${browser.name}: an app on :8000 goes on during a login, and hears nothing of it`, async (test) => {
    const user = userAt(test, browser);
    const { app, tab } = await appIn(test, browser);
    const login = await user.begin();
    await login.atProvider();
    assert.equal(await tab.run(async () => (await fetch('/api?page=1')).status, undefined), 200);
    await tab.run(() => location.assign('/?code=1&state=of-the-app'), undefined);
    await until('the app is shown', async () => (await tab.address()).endsWith('of-the-app'));
    await login.logIn();
    assert.equal((await login.result()).ok, true);
    await tab.run(() => location.assign('/after'), undefined);
    await until('the app is shown', () => app.requests.includes('GET /after'));
    assert.deepEqual(app.requests.filter((request) => request.includes(login.state)), []);
    assert.ok(app.requests.includes('GET /api?page=1') && app.requests.includes('GET /?code=1&state=of-the-app'));
  });
}

it('Chromium: a service worker of the app on :8000 does not see the callback of a 302', async (test) => {
  test.after(() => removeWorker(chromium));
  const user = userAt(test, chromium);
  const { tab } = await appIn(test, chromium);
  await installWorker(tab);
  const login = await user.begin();
  await login.logIn();
  assert.equal((await login.result()).ok, true);
  assert.deepEqual((await seenByWorker(tab)).filter((url) => url.includes(login.state)), []);
});

it('Chromium: a service worker of the app on :8000 does see what a script sends there, and the login says so', async (test) => {
  test.after(() => removeWorker(chromium));
  const user = userAt(test, chromium);
  const { tab } = await appIn(test, chromium);
  await installWorker(tab);
  front.sendBack = WAYS['a script that sets the address'];
  const login = await user.begin();
  await login.logIn();
  const { ok, code } = await login.result();
  assert.deepEqual([ok, code], [false, 'redirect_not_caught']);
  assert.equal((await seenByWorker(tab)).filter((url) => url.includes(login.state)).length, 1);
});
