import assert from 'node:assert/strict';
import { it } from 'node:test';

import { IS_WHOLE, personAt } from './environment.mjs';

/** @typedef {import('./person.mjs').Person} Person */

const ROUNDS = IS_WHOLE ? 10 : 1;

/**
 * @param {Person} person
 * @param {string} component
 * @returns {Promise<string[]>} the pods of the development cluster that come to the browser
 */
async function podsInTab(person, component) {
  const answered = person.page.waitForResponse((response) => response.url().endsWith(`/api/kubernetes/services/${component}`));
  await person.openKubernetesTab(component);
  /** @type {{cluster: {name: string}, resources: {type: string, resources: {metadata: {name: string}}[]}[], errors: {errorType: string}[]}[]} */
  const items = Object(await (await answered).json()).items;
  const ofCluster = items.filter(({ cluster }) => cluster.name === 'development');
  const faults = ofCluster.flatMap(({ errors }) => errors).filter(({ errorType }) => errorType === 'FETCH_ERROR');
  assert.deepEqual(faults, [], 'Backstage could not ask the cluster');
  const fetched = ofCluster.flatMap(({ resources }) => resources);
  const names = fetched.filter(({ type }) => type === 'pods').flatMap(({ resources }) => resources.map(({ metadata }) => metadata.name));
  await person.cluster('Development').getByText(`${names.length} pods`).waitFor();
  return names;
}

it(`two users in two browsers, ${ROUNDS} times at the same moment, see their own pods and nothing of each other`, async (test) => {
  const [felix, mara] = [await personAt(test, 'felix'), await personAt(test, 'mara')];
  // One after the other: there is only one helper here, while real users each have their own.
  for (const person of [felix, mara]) {
    await person.openComponent('web');
    await person.getAccess();
    await person.logInByHelper();
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const own = await Promise.all([podsInTab(felix, 'web'), podsInTab(mara, 'api')]);
    assert.deepEqual(own, [['web-0', 'web-1'], ['api-0', 'api-1']]);
    const foreign = await Promise.all([podsInTab(felix, 'api'), podsInTab(mara, 'web')]);
    assert.deepEqual(foreign, [[], []]);
  }
  await mara.page.getByText(/Warning: There was a problem/).click();
  await mara.page.getByText(/403|FORBIDDEN|forbidden/).first().waitFor();
  await mara.keepPicture('another-users-pods');
});
