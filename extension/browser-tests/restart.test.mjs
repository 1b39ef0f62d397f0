import assert from 'node:assert/strict';
import { it } from 'node:test';

import { configure, inExtension, launchInstalled, NAME, PORTAL, userAt } from './environment.mjs';
import { DevApp } from './port-8000.mjs';
import { CALLBACK } from './provider-front.mjs';
import { until } from './until.mjs';

it(`${NAME}: restarted in the middle of a login, it has no rule and no login any more, and the callback goes to the app on :8000`, async (test) => {
  let browser = await launchInstalled();
  test.after(() => browser.discard());
  await configure(browser, [PORTAL]);
  const user = userAt(test, browser);
  const login = await user.begin();
  await login.atProvider();
  assert.ok((await inExtension(browser, kept, undefined)).rules > 0);
  await browser.close();

  const app = await DevApp.start();
  test.after(() => app.stop());
  browser = await launchInstalled(browser.profile);
  await until('only the portal is left', async () => {
    assert.deepEqual(await inExtension(browser, kept, undefined), { portals: 1, rules: 0, logins: 0, alarms: 0 });
    return true;
  });
  const tab = await browser.newTab();
  const path = `/?code=late&state=${login.state}`;
  await tab.open(new URL(path, CALLBACK).href);
  await until('it arrives at the app', () => app.requests.includes(`GET ${path}`));
  await until('the app is shown', () => tab.run(() => document.title === 'Another app', undefined));
  assert.equal(await user.isConnected(), false);
});

/** What the extension has kept. */
async function kept() {
  const { portals } = await chrome.storage.local.get('portals');
  return {
    portals: Array.isArray(portals) ? portals.length : 0,
    rules: (await chrome.declarativeNetRequest.getSessionRules()).length,
    logins: Object.keys(await chrome.storage.session.get(null)).length,
    alarms: (await chrome.alarms.getAll()).length,
  };
}
