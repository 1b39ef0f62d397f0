import assert from 'node:assert/strict';
import { it } from 'node:test';

import { personAt } from './environment.mjs';
import { confirmAndLogIn } from './person.mjs';

it('the button, the helper, a login: pods and their logs are in the Kubernetes tab, without a reload', async (test) => {
  const felix = await personAt(test, 'felix');
  await felix.openComponent('web');
  const loaded = await felix.page.evaluate(() => performance.timeOrigin);
  await felix.getAccess();
  await felix.dialog.getByText('You are about to connect user:default/felix').waitFor();
  await felix.keepPicture('dialog');
  const tab = await felix.useHelper();
  await felix.dialog.getByText('Go on in the tab that has opened').waitFor();
  await confirmAndLogIn(tab, 'felix');
  await tab.close();
  await felix.dialog.getByText('Connected to').waitFor();
  await felix.keepPicture('connected');
  await felix.dialog.waitFor({ state: 'detached' });
  await felix.page.getByText(/Connected as felix@example\.com until /).waitFor();
  await felix.page.getByRole('link', { name: 'Kubernetes', exact: true }).click();
  assert.deepEqual(await felix.podsOf('Development'), ['web-0', 'web-1']);
  await felix.keepPicture('pods');
  assert.match(await felix.logOf('web-1'), /web-1 listening on :8080/);
  await felix.keepPicture('log');
  assert.equal(await felix.page.evaluate(() => performance.timeOrigin), loaded);
});

it('the helper that the last login came through gets the next one without a click', async (test) => {
  const felix = await personAt(test, 'felix');
  await felix.openComponent('web');
  await felix.getAccess();
  await felix.logInByHelper();
  await felix.disconnect();
  await felix.openComponent('web');
  const tab = felix.context.waitForEvent('page');
  await felix.getAccess();
  await confirmAndLogIn(await tab, 'felix');
  await felix.dialog.waitFor({ state: 'detached' });
});
