#!/usr/bin/env node
// kubectl and helm before the development cluster: straight, and through the backend. kubectl.mjs has built what this runs.
import assert from 'node:assert/strict';

import { duration, say, step } from '../setup/steps.mjs';
import { audited } from './checks/audit.mjs';
import { release } from './checks/helm.mjs';
import { looksAround } from './checks/k9s.mjs';
import { objects } from './checks/objects.mjs';
import { COPIED, streams } from './checks/streams.mjs';
import { LOGS } from './logs.mjs';
import { RealCluster } from './real-cluster.mjs';
import { Stage } from './stage.mjs';

/** `make test` leaves out helm, and what fails straight to the API server alone. */
const BRIEF = process.env['KUBECTL_TESTS'] === 'brief';

/** The ways that are tried; ROUTES=direct,ingress names some of them. */
const ROUTES = /** @type {const} */ (['direct', 'ingress', 'portal']);

/** How kubectl asks for its streams. @type {Record<string, Record<string, string>>} */
const PROTOCOLS = {
  WebSocket: {},
  SPDY: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' },
};

const HTTP1 = { 'HTTP/1.1': { DISABLE_HTTP2: 'true' } };

/** What Go's HTTP client does with servers that offer both. @type {Record<string, Record<string, string>>} */
const VERSIONS = { 'HTTP/2': {}, ...HTTP1 };

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
async function tryRoute(stage, { name, people, http2, backend }) {
  for (const [version, variables] of Object.entries(http2 ? VERSIONS : HTTP1)) {
    await step(`${name} ${version}`, () => objects(both(people, variables)));
  }
  for (const [protocol, variables] of Object.entries(PROTOCOLS)) {
    await step(`${name} ${protocol}`, () => streams(both(people, variables)));
  }
  for (const program of BRIEF ? [] : /** @type {const} */ (['helm3', 'helm4'])) {
    await step(`${name} ${program}`, () => release(people.felix, program));
  }
  if (backend) {
    await step(`${name} audit`, () => audited(backend));
  }
  const { cluster } = stage;
  if (cluster instanceof RealCluster) {
    await step(`${name} k9s`, () => looksAround(people.felix));
    return;
  }
  await step(`${name} closed`, async () => {
    assert.deepEqual(JSON.parse((await cluster.call('/control/streams?open=0')).body), { open: 0 });
  });
}

/** @returns {(typeof ROUTES)[number][]} */
function wanted() {
  const named = process.env['ROUTES']?.split(',');
  const routes = ROUTES.filter((route) => named?.includes(route) ?? (route !== 'direct' || !BRIEF));
  assert.ok(routes.length > 0, `ROUTES names none of ${ROUTES.join(', ')}`);
  return routes;
}

const began = performance.now();
const real = process.env['ISSUER_CERTIFICATES'];
const name = real ? 'kubectl-real' : 'kubectl';
const stage = new Stage(real === undefined ? {} : { issuerCertificates: real });
try {
  await step('start', () => stage.start());
  const routes = wanted();
  for (const route of routes) {
    await tryRoute(stage, await step(`${route} logins`, () => stage[route]()));
  }
  await stage.stop();
  const figures = `${routes.join(', ')}; ${COPIED / 1e6} MB copied each way${BRIEF ? '' : '; helm 3 and 4'}${real ? '; a real API server, k9s' : ''}`;
  say(`${name}: ok (${figures}; ${duration(performance.now() - began)})`);
  process.exit(0);
} catch (error) {
  await stage.stop();
  say(`${name}: failed (${error instanceof Error ? error.message : error}; logs are in ${LOGS})`);
  process.exit(1);
}
