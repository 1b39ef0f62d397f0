import assert from 'node:assert/strict';
import { it } from 'node:test';

import { configure, front, inExtension, launch, NAME, PORTAL, userAt } from './environment.mjs';
import { outcomeOf } from './portal-user.mjs';
import { until } from './until.mjs';

/** The callback's address as the user has given it: with a pattern for the whole host, the rule of each browser works. */
const CALLBACK_ACCESS = ['http://localhost/*'];

it(`${NAME}: without access to the callback's host a login is refused, before and after the question, and the provider is never opened`, async (test) => {
  // A browser of its own: access that was taken away cannot be given back in Chromium without a click on its prompt.
  const browser = await launch(test);
  await configure(browser, [PORTAL]);
  const user = userAt(test, browser, 'mara');
  const page = await user.openPortal();
  const asked = front.authorizations;
  const login = await user.begin(page);
  const tab = await login.tab();
  await until('the account is shown', async () => (await outcomeOf(tab)) === 'confirm');
  assert.equal(await takeAway(browser, CALLBACK_ACCESS), true);
  await until('the page says that it cannot go on', async () => ['failed', 'not-begun'].includes((await outcomeOf(tab)) ?? ''));
  const first = await login.result();
  assert.deepEqual([first.ok, first.code], [false, 'permission_missing']);
  const second = await (await user.begin(page)).result();
  assert.deepEqual([second.ok, second.code], [false, 'permission_missing']);
  assert.equal(front.authorizations, asked);
});

// Firefox needs no access to the provider.
if (NAME === 'Chromium') {
  it('Chromium: without access to the provider that is configured a login is refused', async (test) => {
    const browser = await launch(test);
    await configure(browser, [PORTAL]);
    const user = userAt(test, browser);
    const asked = front.authorizations;
    assert.equal(await takeAway(browser, ['http://127.0.0.1/*']), true);
    const { ok, code } = await (await user.begin()).result();
    assert.deepEqual([ok, code], [false, 'permission_missing']);
    assert.equal(front.authorizations, asked);
  });
}

/**
 * @param {import('./browsers/browser.mjs').ExtendedBrowser} browser
 * @param {string[]} origins
 */
function takeAway(browser, origins) {
  return inExtension(browser, (gone) => chrome.permissions.remove({ origins: gone }), origins);
}
