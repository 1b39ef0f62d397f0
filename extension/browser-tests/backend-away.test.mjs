import assert from 'node:assert/strict';
import { it } from 'node:test';

import { logInWithoutBackend } from './backend-is-away.mjs';
import { browser, environment, front, NAME, userAt } from './environment.mjs';
import { until } from './until.mjs';

it(`${NAME}: the backend is away when the code comes: it is delivered when the backend is back`, async (test) => {
  const { user, login, tab } = await logInWithoutBackend(test);
  // What the user would do: it must not lose the code.
  await tab.run(() => {
    document.body.dataset['before'] = '';
    location.reload();
  }, undefined);
  await until('the page is there again', () => tab.run(() => {
    const { outcome, before } = document.body.dataset;
    return outcome === 'backend-away' && before === undefined;
  }, undefined));
  await environment.backend.start();
  assert.equal((await login.result()).ok, true);
  assert.equal(await user.isConnected(), true);
});

it(`${NAME}: the backend is away at the beginning: refused before the provider is opened`, async (test) => {
  test.after(() => environment.backend.start());
  const user = userAt(test, browser);
  const page = await user.openPortal();
  const before = await browser.tabs();
  const asked = front.authorizations;
  const login = await user.begin(page, () => environment.backend.stop());
  const { ok, message } = await login.result();
  assert.equal(ok, false);
  // Backstage answers for the backend, with a sentence of its own, which is passed on.
  assert.match(message ?? '', /\.$/);
  assert.equal(front.authorizations, asked);
  // A page of the provider's that is only being opened has asked for nothing yet.
  assert.deepEqual((await browser.tabs()).filter((tab) => !before.includes(tab)), []);
});
