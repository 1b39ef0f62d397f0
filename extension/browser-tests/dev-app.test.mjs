import assert from 'node:assert/strict';
import { it } from 'node:test';

import { appIn } from './app-in-browser.mjs';
import { browser, NAME, userAt } from './environment.mjs';
import { until } from './until.mjs';

it(`${NAME}: an app on :8000 goes on during a login, and hears nothing of it`, async (test) => {
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
