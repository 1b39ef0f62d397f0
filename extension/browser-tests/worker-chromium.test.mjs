import assert from 'node:assert/strict';
import { it } from 'node:test';

import { appWithWorkerIn, seenByWorker } from './app-in-browser.mjs';
import { browser, front, userAt } from './environment.mjs';
import { WAYS } from './provider-front.mjs';

it('Chromium: a service worker of the app on :8000 does not see the callback of a 302', async (test) => {
  const user = userAt(test, browser);
  const { tab } = await appWithWorkerIn(test, browser);
  const login = await user.begin();
  await login.logIn();
  assert.equal((await login.result()).ok, true);
  assert.deepEqual((await seenByWorker(tab)).filter((url) => url.includes(login.state)), []);
});

it('Chromium: a service worker of the app on :8000 does see what a script sends there, and the login says so', async (test) => {
  const user = userAt(test, browser);
  const { tab } = await appWithWorkerIn(test, browser);
  front.sendBack = WAYS['a script that sets the address'];
  const login = await user.begin();
  await login.logIn();
  const { ok, code } = await login.result();
  assert.deepEqual([ok, code], [false, 'redirect_not_caught']);
  assert.equal((await seenByWorker(tab)).filter((url) => url.includes(login.state)).length, 1);
});
