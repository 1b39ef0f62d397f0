#!/usr/bin/env node
// kubectl and helm before the development cluster: straight, and through the backend. kubectl.mjs has built what this runs.
import assert from 'node:assert/strict';

import { duration, say, step } from '../setup/steps.mjs';
import { release } from './checks/helm.mjs';
import { objects } from './checks/objects.mjs';
import { COPIED, streams } from './checks/streams.mjs';
import { LOGS } from './logs.mjs';
import { Stage } from './stage.mjs';

/** How kubectl asks for its streams. @type {Record<string, Record<string, string>>} */
const PROTOCOLS = {
  WebSocket: {},
  SPDY: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' },
};

/** What Go's HTTP client does with servers that offer both. @type {Record<string, Record<string, string>>} */
const VERSIONS = { 'HTTP/2': {}, 'HTTP/1.1': { DISABLE_HTTP2: 'true' } };

/**
 * @param {import('./stage.mjs').People} people
 * @param {Record<string, string>} variables
 */
function both({ felix, mara }, variables) {
  return { felix: felix.with(variables), mara: mara.with(variables) };
}

/**
 * @param {Stage} stage
 * @param {import('./stage.mjs').Route} route
 */
async function tryRoute(stage, { name, people, streams: passing }) {
  for (const [version, variables] of Object.entries(VERSIONS)) {
    await step(`${name} ${version}`, () => objects(both(people, variables)));
  }
  for (const [protocol, variables] of Object.entries(passing ? PROTOCOLS : {})) {
    await step(`${name} ${protocol}`, () => streams(both(people, variables)));
  }
  for (const program of /** @type {const} */ (['helm3', 'helm4'])) {
    await step(`${name} ${program}`, () => release(people.felix, program));
  }
  await step(`${name} closed`, async () => {
    assert.deepEqual(JSON.parse((await stage.cluster.call('/control/streams?open=0')).body), { open: 0 });
  });
}

/** Which ways are tried: ROUTES=direct,ingress names some of them. @returns {(name: string) => boolean} */
function wanted() {
  const named = process.env['ROUTES'];
  return (name) => !named || named.split(',').includes(name);
}

const began = performance.now();
const stage = new Stage();
try {
  await step('start', () => stage.start());
  const routes = [await stage.direct(), await stage.ingress()].filter(({ name }) => wanted()(name));
  assert.ok(routes.length > 0, 'ROUTES names none of direct and ingress');
  for (const route of routes) {
    await tryRoute(stage, route);
  }
  await stage.stop();
  const figures = `${routes.map(({ name }) => name).join(', ')}; ${COPIED / 1e6} MB copied each way; helm 3 and 4`;
  say(`kubectl: ok (${figures}; ${duration(performance.now() - began)})`);
  process.exit(0);
} catch (error) {
  await stage.stop();
  say(`kubectl: failed (${error instanceof Error ? error.message : error}; logs are in ${LOGS})`);
  process.exit(1);
}
