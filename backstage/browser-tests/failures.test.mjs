import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { environment, personAt } from './environment.mjs';
import { confirmAndLogIn, logInAtIdp } from './person.mjs';
import { restartBackend } from './restart-backend.mjs';

/** @typedef {import('node:test').TestContext} TestContext */

/** Seconds. */
const DAY = 24 * 60 * 60;

/**
 * Prepares taking away a part. Call it before a person is created: they leave only after the part is back.
 *
 * @param {TestContext} test the part is back at its end
 * @param {'backend' | 'helper' | 'redis'} name of a part
 * @returns {() => Promise<void>} takes it away
 */
function taking(test, name) {
  const part = environment[name];
  test.after(async () => {
    await part.start();
  });
  return () => part.stop();
}

/**
 * Calls the identity provider's control API.
 *
 * @param {string} command
 * @param {object} [body]
 */
async function tellIdp(command, body = {}) {
  const answer = await fetch(new URL(`control/${command}`, environment.issuer), { method: 'POST', body: JSON.stringify(body) });
  assert.equal(answer.status, 200);
}

/**
 * Checks the sentence in the Kubernetes tab, that nothing else is shown of that cluster, and that the shared one still shows its pods.
 *
 * @param {import('./person.mjs').Person} person
 * @param {RegExp} sentence
 * @param {string} picture
 */
async function tabExplains(person, sentence, picture) {
  await person.page.getByRole('link', { name: 'Kubernetes', exact: true }).click();
  const line = person.blankClusters.filter({ hasText: 'Development' });
  await line.getByText(sentence).waitFor();
  await person.cluster('Shared').getByText('2 pods').waitFor();
  assert.equal(await person.page.getByText('Development', { exact: true }).count(), 1);
  await person.keepPicture(picture);
}

describe('what goes wrong is said in a sentence with a next step', () => {
  it('no login: a line in the tab says so, with the button, and Backstage itself asks', async (test) => {
    const felix = await personAt(test, 'felix');
    await felix.openKubernetesTab('web');
    const prompt = felix.page.getByRole('dialog', { name: 'Login Required' });
    await prompt.waitFor();
    await prompt.getByRole('button', { name: 'Reject All' }).click();
    await tabExplains(felix, /You are not connected\. Log in to see what runs there/, 'not-connected');
    assert.equal(await felix.page.getByText('0 pods').count(), 0);
    assert.equal(await felix.page.getByText(/There was a problem retrieving/).count(), 0);
    await felix.getAccess();
    await felix.dialog.getByText('You are about to connect user:default/felix to Development').waitFor();
  });

  it('no helper runs', async (test) => {
    const takeHelper = taking(test, 'helper');
    const felix = await personAt(test, 'felix');
    await takeHelper();
    await felix.openComponent('web');
    await felix.getAccess();
    await felix.useHelper();
    await felix.dialog.getByText(/If the new tab says that http:\/\/localhost:8888 cannot be reached, no helper is running there: start it/).waitFor();
    await felix.keepPicture('no-helper');
  });

  it('the helper of the last login runs no more: it is opened once, the commands are offered, and it is not opened again', async (test) => {
    const takeHelper = taking(test, 'helper');
    const felix = await personAt(test, 'felix');
    await felix.openComponent('web');
    await felix.getAccess();
    await felix.logInByHelper();
    await felix.disconnect();
    await takeHelper();
    await felix.openComponent('web');
    const opened = felix.context.waitForEvent('page');
    await felix.getAccess();
    await (await opened).close();
    await felix.dialog.getByText(/If the new tab says that http:\/\/localhost:8888 cannot be reached/).waitFor();
    await felix.dialog.getByRole('button', { name: 'Copy binary command' }).waitFor();
    await felix.dialog.getByRole('button', { name: 'Cancel' }).click();
    await felix.dialog.waitFor({ state: 'detached' });
    await felix.getAccess();
    // Longer than the page waits for the extension before it opens the helper.
    await felix.dialog.getByText('You are about to connect').waitFor();
    await felix.page.waitForFunction(({ until }) => performance.now() > until, { until: await felix.page.evaluate(() => performance.now()) + 1_000 });
    assert.equal(felix.context.pages().length, 1);
  });

  it('the identity provider refuses', async (test) => {
    const felix = await personAt(test, 'felix');
    await felix.openComponent('web');
    await felix.getAccess();
    const tab = await felix.useHelper();
    await tab.getByRole('button', { name: 'Continue to login' }).click();
    await tab.getByRole('button', { name: 'Deny' }).click();
    await felix.dialog.getByRole('status').getByText(/denied|refused/i).waitFor();
    await felix.dialog.getByRole('button', { name: 'Try again' }).waitFor();
    await felix.keepPicture('idp-refuses');
  });

  it('another user logs in', async (test) => {
    const felix = await personAt(test, 'felix');
    await felix.openComponent('web');
    await felix.getAccess();
    const tab = await felix.useHelper();
    await tab.getByRole('button', { name: 'Continue to login' }).click();
    await logInAtIdp(tab, 'mara');
    await felix.dialog.getByRole('button', { name: 'Try again' }).waitFor();
    const { body } = await felix.ask('/cluster-auth/status');
    assert.equal(JSON.parse(body).clusters[0].connected, false);
    await felix.keepPicture('another-user');
  });

  it('the session expires', async (test) => {
    test.after(() => restartBackend({}));
    const felix = await personAt(test, 'felix');
    await restartBackend({ SESSION_LIFETIME: '5s' });
    await felix.openComponent('web');
    await felix.getAccess();
    await felix.dialog.getByText(/took longer than .*: try again/).waitFor();
    await felix.dialog.getByRole('button', { name: 'Try again' }).waitFor();
    await felix.keepPicture('session-expired');
  });

  it('the backend is down, before a login and with one', async (test) => {
    const takeBackend = taking(test, 'backend');
    const felix = await personAt(test, 'felix');
    await felix.openComponent('web');
    await felix.getAccess();
    await felix.logInByHelper();
    await takeBackend();
    await felix.openComponent('web');
    await felix.page.getByText(/The cluster-auth backend does not answer: try again in a minute/).first().waitFor();
    await felix.keepPicture('backend-down-card');
    await tabExplains(felix, /the cluster-auth backend does not answer: try again in a minute/, 'backend-down-tab');
  });

  it('the backend goes away in the middle of a login, which goes on when it is back', async (test) => {
    const takeBackend = taking(test, 'backend');
    const felix = await personAt(test, 'felix');
    await felix.openComponent('web');
    await felix.getAccess();
    const tab = await felix.useHelper();
    await tab.getByRole('button', { name: 'Continue to login' }).waitFor();
    environment.backend.running.kill();
    await takeBackend();
    await felix.dialog.getByText(/cannot be reached. Go on with your login/).waitFor();
    await felix.keepPicture('backend-away-in-dialog');
    await environment.backend.start();
    await confirmAndLogIn(tab, 'felix');
    await felix.dialog.waitFor({ state: 'detached' });
  });

  it('Redis is down', async (test) => {
    const takeRedis = taking(test, 'redis');
    const felix = await personAt(test, 'felix');
    await takeRedis();
    await felix.openComponent('web');
    await felix.page.getByText(/store/).first().waitFor();
    await felix.keepPicture('redis-down-card');
    await tabExplains(felix, /development cannot be asked as you\. .*store/i, 'redis-down-tab');
  });

  it('the token has expired and the refresh token is revoked', async (test) => {
    // Backstage's own sign-in is at the same identity provider: it takes no ID token that has expired on its way, and is refreshed at times of its own.
    const { clientId } = environment.idp.running.announcement;
    test.after(async () => {
      await tellIdp('reset');
      await tellIdp('id-token-lifetime', { seconds: DAY, clientId });
    });
    const felix = await personAt(test, 'felix');
    await tellIdp('id-token-lifetime', { seconds: 1, clientId });
    await felix.openComponent('web');
    await felix.getAccess();
    await felix.logInByHelper();
    await tellIdp('next', { endpoint: 'token', clientId, status: 403, body: { error: 'invalid_grant' } });
    await felix.openKubernetesTab('web');
    await felix.page.getByRole('button', { name: 'Reject All' }).click();
    await tabExplains(felix, /The identity provider has ended your login \(refresh_refused\)/, 'refresh-refused-tab');
    await felix.open('/cluster-auth');
    await felix.page.getByText(/Not connected\. The identity provider has ended your login \(refresh_refused\): log in again\./).waitFor();
    await felix.keepPicture('refresh-refused');
  });
});
