import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { it } from 'node:test';

import { artefact, environment, personAt } from './environment.mjs';
import { Recording } from './recording.mjs';

/** @param {string} client @returns {Promise<string[]>} every token that the identity provider has issued to it */
async function tokensOf(client) {
  const lines = (await readFile(environment.ledger, 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line)).filter((line) => line.client === client).map(({ value }) => value);
}

/** @param {string} name */
function recorded(name) {
  const path = artefact(`${name}.har`);
  return { path, options: { recordHar: { path, content: /** @type {const} */ ('embed'), mode: /** @type {const} */ ('full') } } };
}

it('no request and no answer of the browser holds a Kubernetes token, through login, pods, logs and disconnecting', async (test) => {
  const { path, options } = recorded('network');
  const felix = await personAt(test, 'felix', options);
  await felix.openComponent('web');
  await felix.getAccess();
  await felix.logInByHelper();
  await felix.openKubernetesTab('web');
  await felix.podsOf('Development');
  await felix.logOf('web-0');
  await felix.open('/cluster-auth');
  await felix.page.getByRole('button', { name: 'Disconnect Development' }).click();
  await felix.page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click();
  await felix.page.getByRole('button', { name: 'Connect Development' }).waitFor();
  const { cookies, origins } = await felix.context.storageState({ indexedDB: true });
  await felix.leave();

  const recording = await Recording.read(path);
  const tokens = await tokensOf('kubernetes');
  assert.ok(tokens.length >= 3, `the identity provider gave out ${tokens.length} Kubernetes tokens`);
  assert.deepEqual(recording.holdingOneOf(tokens), []);
  assert.deepEqual(tokens.filter((token) => JSON.stringify([cookies, origins]).includes(token)), []);
  assert.deepEqual(recording.withoutBody, []);
  // The same search does find the tokens of Backstage's own sign-in, which Backstage sends to its page.
  assert.ok(recording.holdingOneOf(await tokensOf('backstage')).includes(`POST ${environment.url}/api/kubernetes/services/web`));
});

it('a Kubernetes token would have been found in an address, a header and a body', async (test) => {
  const { path, options } = recorded('planted');
  const mara = await personAt(test, 'mara', options);
  await mara.openComponent('api');
  await mara.getAccess();
  await mara.logInByHelper();
  const [token = ''] = (await tokensOf('kubernetes')).slice(-3);
  await mara.page.evaluate(async (planted) => {
    await fetch(`/in-address/${planted}`);
    await fetch('/in-header', { headers: { planted } });
    await fetch('/in-body', { method: 'POST', body: planted });
  }, token);
  await mara.leave();
  const found = (await Recording.read(path)).holdingOneOf([token]).map((address) => address.replace(token, '…'));
  assert.deepEqual(found, ['GET', 'GET', 'POST'].map((method, index) =>
    `${method} ${environment.url}/${['in-address/…', 'in-header', 'in-body'][index]}`));
});
