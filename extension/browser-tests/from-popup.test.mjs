import assert from 'node:assert/strict';
import { it } from 'node:test';

import { textOf } from './browsers/browser.mjs';
import { artefact, browser, environment, forgetConfirmed, inExtension, NAME, userAt } from './environment.mjs';
import { logInAt, newTab, signIn } from './in-real-backstage.mjs';
import { outcomeOf } from './portal-user.mjs';
import { until } from './until.mjs';

it(`${NAME}: "Log in" of the popup, which shows what Backstage told, opens the page of Backstage for that cluster, and the login begins`, async (test) => {
  const user = userAt(test, browser);
  await forgetConfirmed(browser);
  await inExtension(browser, () => chrome.storage.session.remove('states'), undefined);
  const page = await signIn(browser);
  await page.open(`${environment.url}/cluster-auth`);
  // A page that is not shown asks for nothing, and so has nothing to tell.
  await until('Backstage shows the cluster', async () => (await textOf(page)).includes('Development'));
  const popup = await browser.newTab();
  await popup.open(`${browser.origin}/popup.html`);
  await until('the popup shows the cluster', async () => (await textOf(popup)).includes('Development'));
  await popup.picture(artefact('popup with clusters.png'));
  // It closes itself when it has opened the tab, and what it has seen with it.
  await popup.run(() => {
    window.close = () => {};
    chrome.tabs.onUpdated.addListener((_, { url }) => {
      document.body.dataset['opened'] ??= '';
      document.body.dataset['opened'] += `${url ?? ''} `;
    });
  }, undefined);
  const before = await browser.tabs();
  await popup.click('[aria-label="Log in: Development"]');
  const tab = await newTab(browser, before, (address) => address.startsWith(browser.origin));
  await until('the account is shown', async () => (await outcomeOf(tab)) === 'confirm');
  assert.match(await textOf(tab), /user:default\/felix/);
  const opened = await popup.run(() => document.body.dataset['opened'] ?? '', undefined);
  assert.ok(opened.split(' ').includes(`${environment.url}/cluster-auth?connect=development`), opened);
  await tab.click('#continue');
  await logInAt(tab);
  await until('the login is kept', () => user.isConnected());
});
