import assert from 'node:assert/strict';
import { it } from 'node:test';

import { appWithWorkerIn, seenByWorker } from './app-in-browser.mjs';
import { browser, front, userAt } from './environment.mjs';
import { CALLBACK, WAYS } from './provider-front.mjs';
import { until } from './until.mjs';

/** @type {(keyof typeof WAYS)[]} */
const TRIED = ['a 302', 'a script that sets the address'];

for (const way of TRIED) {
  it(`Firefox: a service worker of the app on :8000 gets other navigations, and does not see the callback of ${way}`, async (test) => {
    const user = userAt(test, browser);
    const { app, tab } = await appWithWorkerIn(test, browser);
    const login = await user.begin();
    await login.atProvider();
    const other = new URL(`/?code=other&state=${'o'.repeat(43)}`, CALLBACK);
    const otherTab = await browser.newTab();
    await otherTab.open(front.hop(other, 1));
    await until('the worker has answered', () => otherTab.run(() => document.title === 'From the worker', undefined));
    front.sendBack = WAYS[way];
    await login.logIn();
    assert.equal((await login.result()).ok, true);
    assert.deepEqual(await seenByWorker(tab), [other.href]);
    assert.deepEqual(app.requests.filter((request) => request.includes(login.state)), []);
  });
}
