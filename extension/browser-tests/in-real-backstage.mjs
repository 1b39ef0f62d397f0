// What a user does in the real Backstage around a login.
import { PASSWORD } from '../../dev/idp/accounts.mjs';
import { textOf } from './browsers/browser.mjs';
import { environment, front } from './environment.mjs';
import { until } from './until.mjs';

/**
 * @typedef {import('./browsers/browser.mjs').ExtendedBrowser} ExtendedBrowser
 * @typedef {import('./browsers/browser.mjs').Tab} Tab
 */

/** @param {ExtendedBrowser} browser @returns {Promise<Tab>} with Backstage, signed in */
export async function signIn(browser) {
  const page = await browser.newTab();
  await page.open(environment.url);
  const before = await browser.tabs();
  await clickButton(page, 'Sign In');
  await logInAt(await newTab(browser, before, (address) => address.startsWith(front.issuer)));
  await until('Backstage is there', async () => /Catalog/.test(await textOf(page)));
  return page;
}

/** @param {Tab} tab with the provider's form */
export async function logInAt(tab) {
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
export function newTab(browser, before, isWanted) {
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
export async function clickButton(tab, text) {
  await until(`there is a button ${text}`, () => tab.run((wanted) => {
    const button = [...document.querySelectorAll('button, a')].find(({ textContent }) => textContent?.trim() === wanted);
    button?.setAttribute('data-wanted', wanted);
    return button !== undefined;
  }, text));
  await tab.click(`[data-wanted="${text}"]`);
}
