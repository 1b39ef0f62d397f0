// The way back to Backstage after a login that did not succeed.
import assert from 'node:assert/strict';
import { it } from 'node:test';

import { browser, forgetConfirmed, NAME, userAt } from './environment.mjs';
import { outcomeOf } from './portal-user.mjs';
import { until } from './until.mjs';

it(`${NAME}: "Back to Backstage" leads to the tab that began the login, and closes its own`, async (test) => {
  await forgetConfirmed(browser);
  const felix = userAt(test, browser);
  const portal = await felix.openPortal();

  const declined = await felix.begin(portal);
  const question = await declined.tab();
  await until('the account is shown', async () => (await outcomeOf(question)) === 'confirm');
  await question.click('#decline');
  await leadsBack(question);
  assert.equal((await declined.result()).code, 'not_confirmed');

  const refused = await felix.begin(portal);
  await refused.deny();
  await leadsBack(await refused.tab());
  assert.equal((await refused.result()).code, 'access_denied');

  /** @param {import('./browsers/browser.mjs').Tab} tab of a login that has ended */
  async function leadsBack(tab) {
    await until('the way back is there', () => tab.run(() => document.querySelector('#back') !== null, undefined).catch(() => false));
    await tab.click('#back');
    await until('its tab has closed', async () => !(await browser.tabs()).includes(tab));
    assert.equal(await portal.run(() => document.visibilityState, undefined), 'visible');
  }
});
