import assert from 'node:assert/strict';
import { it } from 'node:test';

import { logInWithoutBackend } from './backend-is-away.mjs';
import { browser, chromium, environment, forgetConfirmed, rulesIn, userAt } from './environment.mjs';
import { outcomeOf } from './portal-user.mjs';
import { until } from './until.mjs';

it('Chromium: the service worker is killed before the login, at the question, and at the provider', async (test) => {
  const user = userAt(test, browser, 'mara');
  await forgetConfirmed(browser);
  const page = await user.openPortal();
  await chromium().killWorker();
  const login = await user.begin(page);
  const tab = await login.tab();
  await until('the account is shown', async () => (await outcomeOf(tab)) === 'confirm');
  assert.equal(await chromium().killWorker(), 1);
  await login.atProvider();
  assert.equal(await chromium().killWorker(), 1);
  await login.logIn();
  assert.equal((await login.result()).ok, true);
  assert.equal(await user.isConnected(), true);
});

it('Chromium: the service worker is killed while the backend is away, and the page is told all the same', async (test) => {
  const { login } = await logInWithoutBackend(test);
  await chromium().killWorker();
  await environment.backend.start();
  assert.equal((await login.result()).ok, true);
});

it('Chromium: no rule is left after a login', async (test) => {
  const user = userAt(test, browser);
  const login = await user.begin();
  await login.atProvider();
  const during = await rulesIn(browser);
  assert.ok(during > 0, `${during} rules`);
  await login.logIn();
  await login.result();
  await until('the rules are gone', async () => (await rulesIn(browser)) === 0);
});
