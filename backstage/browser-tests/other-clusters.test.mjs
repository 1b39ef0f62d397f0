import assert from 'node:assert/strict';
import { it } from 'node:test';

import { personAt } from './environment.mjs';

for (const [title, authProvider] of /** @type {const} */ ([['Shared', 'serviceAccount'], ['Sign-in', 'oidc']])) {
  it(`a cluster with ${authProvider} works as ever beside one that has no login yet`, async (test) => {
    const felix = await personAt(test, 'felix');
    await felix.openKubernetesTab('web');
    await felix.page.getByRole('button', { name: 'Reject all' }).click();
    await felix.blankClusters.getByText('Development').waitFor();
    assert.deepEqual(await felix.podsOf(title), ['web-0', 'web-1']);
    assert.match(await felix.logOf('web-0'), /web-0 ready/);
    await felix.keepPicture(`beside-${authProvider}`);
  });
}
