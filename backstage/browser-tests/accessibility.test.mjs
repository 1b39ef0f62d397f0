import assert from 'node:assert/strict';
import { it } from 'node:test';

import axe from 'axe-core';

import { IS_WHOLE, personAt } from './environment.mjs';

/** @typedef {import('../../dev/browser/chromium.mjs').Locator} Locator */

/**
 * @param {Locator} part of a page
 * @returns {Promise<string[]>} axe's violations: the rule, and the first element that breaks it
 */
async function violations(part) {
  const page = part.page();
  await part.waitFor();
  // An element that is being animated does not have its final colours; a cancelled animation is over, too. One that follows scrolling has
  // no end.
  await part.evaluate((element) => {
    const timed = element.getAnimations({ subtree: true }).filter(({ timeline }) => timeline === document.timeline);
    return Promise.allSettled(timed.map(({ finished }) => finished));
  });
  await page.evaluate(axe.source);
  return part.evaluate(async (element) => {
    const results = await Object(window).axe.run(element, { resultTypes: ['violations'] });
    return results.violations.map((/** @type {import('axe-core').Result} */ { id, nodes }) => `${id}: ${nodes[0]?.html}`);
  });
}

/** @type {[string, import('../../dev/browser/chromium.mjs').BrowserContextOptions][]} */
const APPEARANCES = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['small', { viewport: { width: 360, height: 640 } }],
];

for (const [name, options] of IS_WHOLE ? APPEARANCES : APPEARANCES.slice(0, 1)) {
  it(`axe finds nothing wrong with the card, the page, the dialog and the settings: ${name}`, async (test) => {
    const felix = await personAt(test, 'felix', options);
    await felix.openComponent('web');
    await felix.card.scrollIntoViewIfNeeded();
    await felix.keepPicture(`card-${name}`);
    assert.deepEqual(await violations(felix.card), []);

    await felix.getAccess();
    await felix.dialog.getByRole('button', { name: 'Copy binary command' }).waitFor();
    await felix.keepPicture(`dialog-${name}`);
    assert.deepEqual(await violations(felix.dialog), []);

    await felix.logInByHelper();
    for (const path of ['/cluster-auth', '/settings/cluster-auth']) {
      await felix.open(path);
      await felix.page.getByRole('button', { name: 'Disconnect Development' }).waitFor();
      await felix.keepPicture(`${path.slice(1).replace('/', '-')}-${name}`);
      assert.deepEqual(await violations(felix.page.getByRole('article').filter({ hasText: 'Clusters of' })), []);
    }

    await felix.page.getByRole('button', { name: 'Disconnect Development' }).click();
    const question = felix.page.getByRole('dialog');
    await felix.keepPicture(`disconnect-${name}`);
    assert.deepEqual(await violations(question), []);
  });
}

it('axe does find something where something is wrong', async (test) => {
  const felix = await personAt(test, 'felix');
  await felix.openComponent('web');
  await felix.getAccess();
  await felix.dialog.evaluate((dialog) => {
    dialog.append(document.createElement('button'));
  });
  assert.match((await violations(felix.dialog)).join(), /button-name/);
});
