import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { personAt } from './environment.mjs';
import { comparePicture } from './pictures.mjs';
import { restartBackstage, withOneCluster } from './restart-backstage.mjs';

const TERMINAL = 'open terminal';

describe('the terminal of the Kubernetes tab', () => {
  // Not at the end of a test, where its persons still disconnect.
  after(() => restartBackstage({}));

  it('is not offered where there are several clusters', async (test) => {
    const felix = await personAt(test, 'felix');
    await felix.openKubernetesTab('web');
    await felix.page.getByRole('button', { name: 'Reject all' }).click();
    await felix.podsOf('Shared');
    await felix.logOf('web-0');
    assert.equal(await felix.page.getByRole('button', { name: TERMINAL }).count(), 0);
  });

  it('is offered where there is one, and Backstage refuses it: its WebSocket does not say who asks', async (test) => {
    await restartBackstage(withOneCluster('development'));
    const felix = await personAt(test, 'felix');
    await felix.openKubernetesTab('web');
    await felix.page.getByRole('button', { name: 'Reject all' }).click();
    await felix.page.getByRole('dialog').waitFor({ state: 'detached' });
    await comparePicture(felix.tabWithLines, 'tab-without-login');
    await felix.openComponent('web');
    await felix.getAccess();
    await felix.logInByHelper();
    await felix.openKubernetesTab('web');
    await felix.podsOf('Development');
    await felix.page.getByText('web-0', { exact: true }).click();
    const refusal = felix.page.waitForEvent('console', (message) => /WebSocket connection to .*\/exec/.test(message.text()));
    await felix.page.getByRole('button', { name: TERMINAL }).click();
    assert.match((await refusal).text(), /HTTP Authentication failed/);
    await felix.page.getByText('Socket connection closed').waitFor();
    await felix.keepPicture('terminal');
  });
});
