import assert from 'node:assert/strict';
import { it } from 'node:test';

import { textOf } from './browsers/browser.mjs';
import { artefact, configure, environment, launch, NAME, PORTAL, userAt } from './environment.mjs';
import { clickButton, logInAt, newTab, signIn } from './in-real-backstage.mjs';
import { knock, outcomeOf } from './portal-user.mjs';
import { until } from './until.mjs';

/** @typedef {import('./browsers/browser.mjs').Tab} Tab */

it(`${NAME}: from the click in Backstage to the pods, with no program on the machine`, async (test) => {
  /** @type {Tab | undefined} */
  let shown;
  // Before the browser is closed.
  test.after(() => Object(test).passed || shown?.picture(artefact('end of in Backstage.png')).catch(() => {}));
  const browser = await launch(test);
  await configure(browser, [PORTAL]);
  const felix = userAt(test, browser);
  const page = await signIn(browser);
  shown = page;
  await page.open(`${environment.url}/catalog/default/component/web`);
  // Chromium says only two seconds after its start that there is no administrator's list, and the extension is in no page until then.
  await until('the extension answers', () => knock(page));
  const before = await browser.tabs();
  await clickButton(page, 'Get K8s access');
  const tab = await newTab(browser, before, (address) => address.startsWith(browser.origin));
  await until('the account is shown', async () => (await outcomeOf(tab)) === 'confirm');
  assert.match(await textOf(tab), /user:default\/felix/);
  await tab.click('#continue');
  await logInAt(tab);
  await until('the dialog has closed', async () => (await page.run(() => document.querySelector('[role=dialog]'), undefined)) === null);
  await page.picture(artefact('back in Backstage.png'));
  assert.equal(await felix.isConnected(), true);
  await page.open(`${environment.url}/catalog/default/component/web/kubernetes`);
  await until('the pods are counted', async () => /Development.*2 pods/.test(await textOf(page)));
  for (const [depth, part] of ['Stateful Set', 'web-1'].entries()) {
    await until(`${part} is there`, async () => (await unfolded(page, depth + 1)) && (await textOf(page)).includes(part));
  }
  await page.picture(artefact('pods.png'));
});

/**
 * Opens the first cluster of the Kubernetes tab so many parts deep. Each time that the tab has asked the clusters anew it may fold all again.
 *
 * @param {Tab} page
 * @param {number} depth
 * @returns {Promise<boolean>} whether they are open
 */
async function unfolded(page, depth) {
  const found = await page.run((count) => {
    document.querySelector('#next')?.removeAttribute('id');
    const parts = [...document.querySelectorAll('.MuiAccordion-root [aria-expanded]')].slice(0, count);
    const closed = parts.find((part) => part.getAttribute('aria-expanded') === 'false');
    closed?.setAttribute('id', 'next');
    return closed ? 'closed' : parts.length === count && 'open';
  }, depth);
  if (found === 'closed') {
    await page.click('#next');
  }
  return found === 'open';
}
