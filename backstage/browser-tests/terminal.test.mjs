import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { personAt } from './environment.mjs';

const TERMINAL = 'open terminal';

describe('the terminal of the Kubernetes tab', () => {
  it('is not offered where there are several clusters', async (test) => {
    const felix = await personAt(test, 'felix');
    await felix.openKubernetesTab('web');
    await felix.page.getByRole('button', { name: 'Reject all' }).click();
    await felix.podsOf('Shared');
    await felix.logOf('web-0');
    assert.equal(await felix.page.getByRole('button', { name: TERMINAL }).count(), 0);
  });

  it('is offered where there is one, and Backstage refuses it: its WebSocket does not say who asks', async (test) => {
    const felix = await personAt(test, 'felix');
    // Spares starting another Backstage: that refuses before it looks which cluster is meant.
    await felix.page.route('**/api/kubernetes/clusters', async (route) => {
      const answer = await route.fetch();
      const { items } = Object(await answer.json());
      const only = items.filter((/** @type {{name: string}} */ { name }) => name === 'development');
      await route.fulfill({ response: answer, json: { items: only } });
    });
    await felix.openComponent('web');
    await felix.getAccess();
    await felix.logInByHelper();
    await felix.openKubernetesTab('web');
    await felix.podsOf('Development');
    await felix.page.getByText('web-0', { exact: true }).first().click();
    const refusal = felix.page.waitForEvent('console', (message) => /WebSocket connection to .*\/exec/.test(message.text()));
    await felix.page.getByRole('button', { name: TERMINAL }).click();
    assert.match((await refusal).text(), /HTTP Authentication failed/);
    await felix.page.getByText('Socket connection closed').waitFor();
    await felix.keepPicture('terminal');
  });
});
