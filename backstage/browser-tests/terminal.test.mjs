import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { environment, personAt } from './environment.mjs';

const TERMINAL = 'open terminal';

/**
 * Restarts Backstage and the backend, which would fetch a new Backstage's keys at most every 30 seconds.
 *
 * @param {Record<string, string>} settings
 */
async function restartBackstage(settings) {
  await environment.backstage.stop();
  await environment.backend.stop();
  environment.backstageSettings = settings;
  await Promise.all([environment.backstage.start(), environment.backend.start()]);
}

/** @returns {string} configuration with the development cluster as the only one */
function onlyDevelopment() {
  const { url, caFile } = environment.cluster.running;
  const cluster = { name: 'development', title: 'Development', url, caFile, authProvider: 'clusterauth', skipMetricsLookup: true };
  return JSON.stringify([{ type: 'config', clusters: [cluster] }]);
}

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
    await restartBackstage({ APP_CONFIG_kubernetes_clusterLocatorMethods: onlyDevelopment() });
    const felix = await personAt(test, 'felix');
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
