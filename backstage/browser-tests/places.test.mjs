import assert from 'node:assert/strict';
import { it } from 'node:test';

import { personAt } from './environment.mjs';

it('the card stands below "About", although the app finds our plugin first', async (test) => {
  const felix = await personAt(test, 'felix');
  await felix.openComponent('web');
  await felix.card.waitFor();
  const cards = felix.page.locator('.bui-Card');
  const titles = await cards.locator('h3').allInnerTexts();
  assert.deepEqual(titles.slice(0, 1), ['About']);
  assert.ok(titles.indexOf('K8s access') > 0, titles.join());
});

it('the settings open with "General", and "K8s access" is their last tab', async (test) => {
  const felix = await personAt(test, 'felix');
  await felix.open('/settings');
  await felix.page.getByRole('tab', { name: 'General', selected: true }).waitFor();
  assert.deepEqual((await felix.page.getByRole('tab').allInnerTexts()).slice(-1), ['K8s access']);
});
