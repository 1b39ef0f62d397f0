import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { it } from 'node:test';

import { ChromiumWithExtension } from './browsers/chromium.mjs';
import { FirefoxWithExtension } from './browsers/firefox.mjs';
import { ACCESS, configure, inExtension, PORTAL, userAt } from './environment.mjs';
import { DevApp } from './port-8000.mjs';
import { CALLBACK } from './provider-front.mjs';
import { until } from './until.mjs';

for (const kind of [ChromiumWithExtension, FirefoxWithExtension]) {
  it(`${kind.name.replace('WithExtension', '')}: restarted in the middle of a login, it has no rule and no login any more, and the callback goes to the app on :8000`, async (test) => {
    const before = await kind.launch({ granted: ACCESS, staysInstalled: true });
    const { profile } = before;
    test.after(() => rm(profile, { recursive: true, force: true, maxRetries: 3 }));
    test.after(() => before.close());
    await configure(before, [PORTAL]);
    const user = userAt(test, before);
    const login = await user.begin();
    await login.atProvider();
    assert.ok((await inExtension(before, kept, undefined)).rules > 0);
    await before.close();

    const app = await DevApp.start();
    test.after(() => app.stop());
    const browser = await kind.launch({ granted: ACCESS, staysInstalled: true, profile });
    test.after(() => browser.close());
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
}

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
