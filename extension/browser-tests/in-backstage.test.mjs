import assert from 'node:assert/strict';
import { it } from 'node:test';

import { PASSWORD } from '../../dev/idp/accounts.mjs';
import { textOf } from './browsers/browser.mjs';
import { ACCESS, artefact, configure, environment, front, launch, NAMES, PORTAL, userAt } from './environment.mjs';
import { knock, outcomeOf } from './portal-user.mjs';
import { until } from './until.mjs';

/**
 * @typedef {import('./browsers/browser.mjs').ExtendedBrowser} ExtendedBrowser
 * @typedef {import('./browsers/browser.mjs').Tab} Tab
 */

for (const name of NAMES) {
  it(`${name}: from the click in Backstage to the pods, with no program on the machine`, async (test) => {
    /** @type {Tab | undefined} */
    let shown;
    // The last state of the page, for failed tests; before the browser is closed.
    test.after(() => shown?.picture(artefact(`end of in Backstage ${name}.png`)).catch(() => {}));
    const browser = await launch(test, name, ACCESS);
    await configure(browser, [PORTAL]);
    const felix = userAt(test, browser);
    const page = await signIn(browser);
    shown = page;
    await page.open(`${environment.url}/catalog/default/component/web`);
    // The page waits for a third of a second, and a background that has to be started on a busy machine is later than that.
    await until('the extension answers', () => knock(page));
    const before = await browser.tabs();
    await clickButton(page, 'Get K8s access');
    const tab = await newTab(browser, before, (address) => address.startsWith(browser.origin));
    await until('the account is shown', async () => (await outcomeOf(tab)) === 'confirm');
    assert.match(await textOf(tab), /user:default\/felix/);
    await tab.click('#continue');
    await logInAt(tab);
    await until('the dialog has closed', async () => (await page.run(() => document.querySelector('[role=dialog]'), undefined)) === null);
    await page.picture(artefact(`back in Backstage ${name}.png`));
    assert.equal(await felix.isConnected(), true);
    await page.open(`${environment.url}/catalog/default/component/web/kubernetes`);
    await until('the pods are counted', async () => /Development.*2 pods/.test(await textOf(page)));
    for (const part of ['Stateful Set', 'web-1']) {
      await expand(page);
      await until(`${part} is there`, async () => (await textOf(page)).includes(part));
    }
    await page.picture(artefact(`pods ${name}.png`));
  });
}

/** @param {ExtendedBrowser} browser @returns {Promise<Tab>} with Backstage, signed in */
async function signIn(browser) {
  const page = await browser.newTab();
  await page.open(environment.url);
  const before = await browser.tabs();
  await clickButton(page, 'Sign In');
  await logInAt(await newTab(browser, before, (address) => address.startsWith(front.issuer)));
  await until('Backstage is there', async () => /My Company Catalog|Catalog/.test(await textOf(page)));
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
function newTab(browser, before, isWanted) {
  return until('a tab has opened', async () => {
    for (const tab of (await browser.tabs()).filter((other) => !before.includes(other))) {
      if (isWanted(await tab.address())) {
        return tab;
      }
    }
    return undefined;
  });
}

/**
 * @param {Tab} tab
 * @param {string} text
 */
async function clickButton(tab, text) {
  await until(`there is a button ${text}`, () => tab.run((wanted) => {
    const button = [...document.querySelectorAll('button, a')].find(({ textContent }) => textContent?.trim() === wanted);
    button?.setAttribute('data-wanted', wanted);
    return button !== undefined;
  }, text));
  await tab.click(`[data-wanted="${text}"]`);
}

/** @param {Tab} page with clusters in the Kubernetes tab: the next part of the first is opened */
async function expand(page) {
  await until('a part is closed', () => page.run(() => {
    document.querySelector('#next')?.removeAttribute('id');
    const closed = document.querySelector('.MuiAccordion-root [aria-expanded=false]');
    closed?.setAttribute('id', 'next');
    return closed !== null;
  }, undefined));
  await page.click('#next');
}
