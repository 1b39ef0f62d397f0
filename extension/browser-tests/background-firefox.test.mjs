import assert from 'node:assert/strict';
import { it } from 'node:test';

import { browser, rulesIn, userAt } from './environment.mjs';
import { until } from './until.mjs';

it('Firefox: the background sleeps at the provider, and wakes for the callback; no rule is left', async (test) => {
  const user = userAt(test, browser);
  const login = await user.begin();
  await login.atProvider();
  assert.equal(await rulesIn(browser), 1);
  const options = await browser.newTab();
  await options.open(`${browser.origin}/options.html`);
  await until('the background sleeps', () => options.run(() => chrome.extension.getBackgroundPage() === null, undefined));
  await login.logIn();
  assert.equal((await login.result()).ok, true);
  await until('the rules are gone', async () => (await rulesIn(browser)) === 0);
});
