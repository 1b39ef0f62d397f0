import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { personAt } from './environment.mjs';
import { comparePicture } from './pictures.mjs';
import { restartBackstage, withOneCluster } from './restart-backstage.mjs';

describe('a cluster of Backstage that the backend does not know', () => {
  // Not at the end of a test, where its persons still disconnect.
  after(() => restartBackstage({}));

  it('is said to be the admins\' to mend, and no login is offered for it', async (test) => {
    await restartBackstage(withOneCluster('dev'));
    const felix = await personAt(test, 'felix');
    await felix.openKubernetesTab('web');
    await felix.blankClusters.getByText(/no cluster with the name dev\. A login does not help: tell the admins/).waitFor();
    assert.equal(await felix.page.getByRole('button', { name: /Get K8s access/ }).count(), 0);
    assert.equal(await felix.page.getByRole('dialog').count(), 0);
    await comparePicture(felix.tabWithLines, 'tab-unknown-cluster');
  });
});
