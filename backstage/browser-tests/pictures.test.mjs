import { it } from 'node:test';

import { personAt } from './environment.mjs';
import { comparePicture } from './pictures.mjs';

it('the pages look as they did: without a login, in the dialog, and with a login', async (test) => {
  const felix = await personAt(test, 'felix');
  await felix.openKubernetesTab('web');
  const prompt = felix.page.getByRole('dialog', { name: 'Login Required' });
  await comparePicture(prompt, 'login-required');
  await prompt.getByRole('button', { name: 'Reject All' }).click();
  await prompt.waitFor({ state: 'detached' });
  await felix.cluster('Sign-in').getByText('2 pods').waitFor();
  await comparePicture(felix.tabWithLines, 'tab-one-not-connected');

  await felix.openComponent('web');
  await felix.card.getByRole('button', { name: 'Get K8s access' }).waitFor();
  await comparePicture(felix.card, 'card-not-connected');
  await felix.getAccess();
  await felix.dialog.getByRole('button', { name: 'Copy binary command' }).waitFor();
  await comparePicture(felix.dialog, 'dialog-command-first');
  await felix.logInByHelper();
  await felix.card.getByText(/Connected as/).waitFor();
  await comparePicture(felix.card, 'card-connected');
  await felix.openKubernetesTab('web');
  await felix.cluster('Development').getByText('2 pods').waitFor();
  await comparePicture(felix.page.locator('.MuiGrid-container').filter({ hasText: 'Your Clusters' }).first(), 'tab-connected');
  await felix.open('/settings/cluster-auth');
  await felix.page.getByRole('button', { name: 'Disconnect Development' }).waitFor();
  await comparePicture(felix.page.getByRole('tablist'), 'settings-tabs');
  await comparePicture(felix.page.getByRole('article').filter({ hasText: 'Clusters of' }), 'settings');

  // The helper of the last login comes first, and is opened by itself.
  await felix.disconnect();
  await felix.openComponent('web');
  const opened = felix.context.waitForEvent('page');
  await felix.getAccess();
  const tab = await opened;
  await tab.getByRole('button', { name: 'Continue to login' }).waitFor();
  await felix.dialog.getByText('Go on in the tab that has opened').waitFor();
  await comparePicture(felix.dialog, 'dialog-helper-first');
  await tab.close();
});
