import assert from 'node:assert/strict';
import { it } from 'node:test';

import { PASSWORD } from '../../dev/idp/accounts.mjs';
import { textOf } from './browsers/browser.mjs';
import { artefact, BROWSERS, environment, forgetConfirmed, front, inExtension, userAt } from './environment.mjs';
import { outcomeOf } from './portal-user.mjs';
import { until } from './until.mjs';

/**
 * @typedef {import('./browsers/browser.mjs').ExtendedBrowser} ExtendedBrowser
 * @typedef {import('./browsers/browser.mjs').Tab} Tab
 */

for (const browser of BROWSERS) {
  it(`${browser.name}: "Log in" of the popup, which shows what Backstage told, opens the page of Backstage for that cluster, and the login begins`, async (test) => {
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
    await popup.picture(artefact(`popup with clusters ${browser.name}.png`));
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
    const tab = await tabAt(browser, before, (address) => address.startsWith(browser.origin));
    await until('the account is shown', async () => (await outcomeOf(tab)) === 'confirm');
    assert.match(await textOf(tab), /user:default\/felix/);
    const opened = await popup.run(() => document.body.dataset['opened'] ?? '', undefined);
    assert.ok(opened.split(' ').includes(`${environment.url}/cluster-auth?connect=development`), opened);
    await tab.click('#continue');
    await logInAt(tab);
    await until('the login is kept', () => user.isConnected());
  });
}

/** @param {ExtendedBrowser} browser @returns {Promise<Tab>} with Backstage, signed in */
async function signIn(browser) {
  const page = await browser.newTab();
  await page.open(environment.url);
  await until('there is a button', () => page.run(() => {
    const button = [...document.querySelectorAll('button')].find(({ textContent }) => textContent?.trim() === 'Sign In');
    button?.setAttribute('id', 'sign-in');
    return button !== undefined;
  }, undefined));
  const before = await browser.tabs();
  await page.click('#sign-in');
  await logInAt(await tabAt(browser, before, (address) => address.startsWith(front.issuer)));
  await until('Backstage is there', async () => /Catalog/.test(await textOf(page)));
  return page;
}

/** @param {Tab} tab with the provider's form */
async function logInAt(tab) {
  await until('the provider asks', () => tab.run(() => document.querySelector('input[name=login]') !== null, undefined));
  await tab.fill('input[name=login]', 'felix');
  await tab.fill('input[name=password]', PASSWORD);
  await tab.click('button[value=login]');
}

/**
 * @param {ExtendedBrowser} browser
 * @param {Tab[]} before
 * @param {(address: string) => boolean} isWanted
 */
function tabAt(browser, before, isWanted) {
  return until('a tab has opened', async () => {
    for (const tab of (await browser.tabs()).filter((other) => !before.includes(other))) {
      if (isWanted(await tab.address())) {
        return tab;
      }
    }
    return undefined;
  });
}
