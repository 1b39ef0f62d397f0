// An application of the user's own on the redirect URI's port, in a tab, with a service worker where the test wants one.
import { DevApp } from './port-8000.mjs';
import { CALLBACK } from './provider-front.mjs';
import { until } from './until.mjs';

/**
 * @typedef {import('./browsers/browser.mjs').ExtendedBrowser} ExtendedBrowser
 * @typedef {import('./browsers/browser.mjs').Tab} Tab
 * @typedef {import('node:test').TestContext} TestContext
 */

/**
 * @param {TestContext} test
 * @param {ExtendedBrowser} browser
 */
export async function appIn(test, browser) {
  const app = await DevApp.start();
  test.after(() => app.stop());
  const tab = await browser.newTab();
  await tab.open(CALLBACK);
  await until('the app is shown', () => tab.run(() => document.title === 'Another app', undefined));
  return { app, tab };
}

/**
 * The same with a service worker, which answers every navigation; it goes with the test, and with all that it has seen.
 *
 * @param {TestContext} test
 * @param {ExtendedBrowser} browser
 */
export async function appWithWorkerIn(test, browser) {
  // Before the hook that stops the app: hooks run in the order in which they are made.
  test.after(() => removeWorker(browser));
  const { app, tab } = await appIn(test, browser);
  await tab.run(async () => {
    await navigator.serviceWorker.register('/sw.js');
    await navigator.serviceWorker.ready;
  }, undefined);
  await until('the worker controls the app', () => tab.run(() => navigator.serviceWorker.controller !== null, undefined));
  return { app, tab };
}

/** @param {Tab} tab with the app @returns {Promise<string[]>} the addresses that its service worker was asked for */
export async function seenByWorker(tab) {
  return tab.run(async () => (await fetch('/seen-by-worker')).json(), undefined);
}

/** @param {ExtendedBrowser} browser */
async function removeWorker(browser) {
  const tab = await browser.newTab();
  await tab.open(CALLBACK);
  await tab.run(async () => {
    const all = await navigator.serviceWorker.getRegistrations();
    await Promise.all(all.map((registration) => registration.unregister()));
  }, undefined);
  await tab.close();
}
