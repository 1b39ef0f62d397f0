import assert from 'node:assert/strict';
import { it } from 'node:test';

import { personAt } from './environment.mjs';

it('the card stands below "About", although the app finds our plugin first', async (test) => {
  const felix = await personAt(test, 'felix');
  await felix.openComponent('web');
  const about = await felix.page.getByRole('heading', { name: 'About', exact: true }).boundingBox();
  const card = await felix.card.boundingBox();
  assert.ok(about && card && about.y < card.y, JSON.stringify({ about, card }));
});

it('the settings open with "General", and "K8s access" is their last tab', async (test) => {
  const felix = await personAt(test, 'felix');
  await felix.open('/settings');
  await felix.page.getByRole('tab', { name: 'General', selected: true }).waitFor();
  assert.deepEqual((await felix.page.getByRole('tab').allInnerTexts()).slice(-1), ['K8s access']);
});
