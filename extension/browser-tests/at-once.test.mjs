import assert from 'node:assert/strict';
import { it } from 'node:test';

import { browser, NAME, userAt } from './environment.mjs';
import { outcomeOf } from './portal-user.mjs';
import { until } from './until.mjs';

it(`${NAME}: two logins at once, and each page has the answer to its own`, async (test) => {
  const user = userAt(test, browser);
  const first = await user.begin();
  await first.atProvider();
  const second = await user.begin();
  await second.atProvider();
  assert.notEqual(await first.tab(), await second.tab());
  await second.deny();
  const { ok, code } = await second.result();
  assert.deepEqual({ ok, code }, { ok: false, code: 'access_denied' });
  await first.logIn();
  assert.equal((await first.result()).ok, true);
  assert.equal(await user.isConnected(), true);
});

it(`${NAME}: error=access_denied ends the login with the sentence, at the page and at the portal`, async (test) => {
  const user = userAt(test, browser);
  const login = await user.begin();
  await login.deny();
  const { ok, code, message } = await login.result();
  assert.deepEqual({ ok, code }, { ok: false, code: 'access_denied' });
  assert.match(message ?? '', /\.$/);
  const tab = await login.tab();
  await until('the page says so', async () => (await outcomeOf(tab)) === 'refused');
  assert.equal(await user.isConnected(), false);
});
