import assert from 'node:assert/strict';
import { it } from 'node:test';

import { textOf } from './browsers/browser.mjs';
import { ACCESS, artefact, configure, environment, launch, NAMES, PORTAL, userAt } from './environment.mjs';
import { clickButton, logInAt, newTab, signIn } from './in-real-backstage.mjs';
import { knock, outcomeOf } from './portal-user.mjs';
import { until } from './until.mjs';

/** @typedef {import('./browsers/browser.mjs').Tab} Tab */

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
