import assert from 'node:assert/strict';
import { it } from 'node:test';

import { IS_WHOLE, personAt } from './environment.mjs';

/** The number of requests of each, and of those at the same time. */
const REQUESTS = IS_WHOLE ? 500 : 50;
const AT_ONCE = 20;

const COMPONENT = /** @type {const} */ ({ felix: 'web', mara: 'api' });

/**
 * The pods that a user sees at the development cluster, of both users' components.
 *
 * @param {import('./person.mjs').Person} person
 * @param {string} component
 * @returns {Promise<string[]>}
 */
async function podsSeen(person, component) {
  const { status, body } = await person.ask('/kubernetes/resources/workloads/query', {
    method: 'POST',
    // Another cluster of this Backstage needs its own token.
    body: JSON.stringify({ entityRef: `component:default/${component}`, auth: { oidc: { okta: 'none' } } }),
  });
  assert.equal(status, 200, body);
  /** @type {{cluster: {name: string}, resources: {resources: {kind?: string, metadata: {name: string}}[]}[]}[]} */
  const items = JSON.parse(body).items;
  const own = items.filter(({ cluster }) => cluster.name === 'development');
  const names = own.flatMap(({ resources }) => resources.flatMap((each) => each.resources.map(({ metadata }) => metadata.name)));
  return names.filter((name) => /-\d$/.test(name)).sort();
}

it(`two users over HTTP, ${2 * REQUESTS} requests in turn and many at once, see their own pods only`, async (test) => {
  const people = [await personAt(test, 'felix'), await personAt(test, 'mara')];
  for (const person of people) {
    await person.openComponent('web');
    await person.getAccess();
    await person.logInByHelper();
  }
  let asked = 0;
  const askInTurn = async () => {
    for (let number = asked++; number < 2 * REQUESTS; number = asked++) {
      const person = /** @type {import('./person.mjs').Person} */ (people[number % 2]);
      const own = COMPONENT[person.login];
      const foreign = own === 'web' ? 'api' : 'web';
      if (number % 4 < 2) {
        assert.deepEqual(await podsSeen(person, own), [`${own}-0`, `${own}-1`]);
      } else {
        assert.deepEqual(await podsSeen(person, foreign), []);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, askInTurn));
  assert.ok(asked >= 2 * REQUESTS);
});
