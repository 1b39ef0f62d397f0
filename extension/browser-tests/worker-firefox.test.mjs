import assert from 'node:assert/strict';
import { it } from 'node:test';

import { firefox, front, userAt } from './environment.mjs';
import { DevApp } from './port-8000.mjs';
import { CALLBACK, WAYS } from './provider-front.mjs';
import { until } from './until.mjs';

/** @type {(keyof typeof WAYS)[]} */
const TRIED = ['a 302', 'a script that sets the address'];

for (const way of TRIED) {
  it(`Firefox: a service worker of the app on :8000 gets other navigations, and does not see the callback of ${way}`, async (test) => {
    const user = userAt(test, firefox);
    const app = await DevApp.start();
    test.after(() => app.stop());
    const tab = await firefox.newTab();
    await tab.open(CALLBACK);
    test.after(removeWorker);
    await tab.run(async () => {
      await navigator.serviceWorker.register('/sw.js');
      await navigator.serviceWorker.ready;
    }, undefined);
    await until('the worker controls the app', () => tab.run(() => navigator.serviceWorker.controller !== null, undefined));
    const login = await user.begin();
    await login.atProvider();
    const other = new URL(`/?code=other&state=${'o'.repeat(43)}`, CALLBACK);
    const otherTab = await firefox.newTab();
    await otherTab.open(front.hop(other, 1));
    await until('the worker has answered', () => otherTab.run(() => document.title === 'From the worker', undefined));
    front.sendBack = WAYS[way];
    await login.logIn();
    assert.equal((await login.result()).ok, true);
    const seen = await tab.run(async () => (await fetch('/seen-by-worker')).json(), undefined);
    assert.deepEqual(seen, [other.href]);
    assert.deepEqual(app.requests.filter((request) => request.includes(login.state)), []);
  });
}

async function removeWorker() {
  const tab = await firefox.newTab();
  await tab.open(CALLBACK);
  await tab.run(async () => {
    const all = await navigator.serviceWorker.getRegistrations();
    await Promise.all(all.map((registration) => registration.unregister()));
  }, undefined);
  await tab.close();
}
