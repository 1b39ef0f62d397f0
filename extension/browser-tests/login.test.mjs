import assert from 'node:assert/strict';
import { it } from 'node:test';

import { textOf } from './browsers/browser.mjs';
import { artefact, browser, environment, forgetConfirmed, front, NAME, secrets, userAt } from './environment.mjs';
import { ByteSpy } from './port-8000.mjs';
import { outcomeOf } from './portal-user.mjs';
import { until } from './until.mjs';

it(`${NAME}: a login with nothing on :8000, and the page that shows whose it will be`, async (test) => {
  const user = userAt(test, browser, 'mara');
  await forgetConfirmed(browser);
  const asked = front.authorizations;
  const login = await user.begin();
  const tab = await login.tab();
  await until('the account is shown', async () => (await outcomeOf(tab)) === 'confirm');
  const shown = await textOf(tab);
  for (const part of ['user:default/mara', new URL(environment.url).host, 'Development']) {
    assert.ok(shown.includes(part), `${part} is not in: ${shown}`);
  }
  await tab.picture(artefact('confirm.png'));
  assert.equal(front.authorizations, asked);
  await login.logIn();
  assert.deepEqual(await login.result().then(({ ok, code }) => ({ ok, code })), { ok: true, code: undefined });
  assert.equal(await user.isConnected(), true);
});

it(`${NAME}: a listener on :8000 gets not one byte of state or code`, async (test) => {
  const user = userAt(test, browser);
  const spy = await ByteSpy.start();
  test.after(() => spy.stop());
  const login = await user.begin();
  await login.logIn();
  assert.equal((await login.result()).ok, true);
  assert.equal(await user.isConnected(), true);
  assert.ok(secrets().includes(login.state));
  assert.deepEqual(secrets().filter((secret) => spy.heard.includes(secret)), []);
  assert.equal(spy.heard, '');
});
