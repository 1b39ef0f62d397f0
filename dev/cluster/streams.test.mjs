import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, afterEach, before, it } from 'node:test';

import { StartedCluster } from './started-cluster.mjs';
import { TokenIssuer } from './token-issuer.mjs';

const PODS = '/api/v1/namespaces/team-a/pods';

/** @type {TokenIssuer} */
let issuer;
/** @type {StartedCluster} */
let cluster;
/** @type {import('node:http').IncomingMessage | undefined} */
let stream;

before(async () => {
  issuer = await TokenIssuer.start();
  cluster = await StartedCluster.start(issuer.issuer);
});

afterEach(async () => {
  stream?.destroy();
  assert.equal(await open(0), 0);
});

after(async () => {
  issuer.stop();
  await cluster.stop();
});

/** @param {number} awaited */
async function open(awaited) {
  return Object(JSON.parse((await cluster.call(`/control/streams?open=${awaited}`)).body)).open;
}

function touch() {
  return cluster.call('/control/touch', { method: 'POST' });
}

/**
 * @param {string} path
 * @param {Record<string, string>} [headers]
 * @returns {Promise<() => Promise<string>>} the next line
 */
async function follow(path, headers) {
  stream = await cluster.open(path, { token: await issuer.token(), headers });
  const lines = createInterface({ input: stream })[Symbol.asyncIterator]();
  return async () => (await lines.next()).value;
}

/** @param {string} line */
function event(line) {
  const { type, object } = JSON.parse(line);
  return `${type} ${object.metadata.name}`;
}

it('watches: ADDED for each pod, then MODIFIED for each touch', async () => {
  const next = await follow(`${PODS}?watch=true`);
  assert.deepEqual([event(await next()), event(await next())], ['ADDED web-0', 'ADDED web-1']);
  assert.equal(await open(1), 1);
  await touch();
  assert.equal(event(await next()), 'MODIFIED web-0');
  await touch();
  assert.equal(event(await next()), 'MODIFIED web-0');
});

it('goes on from a list without telling it again', async () => {
  const { body } = await cluster.call(PODS, { token: await issuer.token() });
  await touch();
  const next = await follow(`${PODS}?watch=1&resourceVersion=${Object(JSON.parse(body)).metadata.resourceVersion}`);
  assert.equal(event(await next()), 'MODIFIED web-0');
});

it('watches one pod by its name', async () => {
  const next = await follow(`${PODS}?watch=true&fieldSelector=metadata.name%3Dweb-1`);
  assert.equal(event(await next()), 'ADDED web-1');
});

it('ends a watch after timeoutSeconds', async () => {
  const next = await follow(`${PODS}?watch=true&timeoutSeconds=1&labelSelector=app%3Dnone`);
  assert.equal(await next(), undefined);
});

it('streams tables to clients that ask for them', async () => {
  const next = await follow(`${PODS}?watch=true`, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' });
  const { object } = JSON.parse(await next());
  assert.deepEqual([object.kind, object.rows[0].cells.slice(0, 4)], ['Table', ['web-0', '1/1', 'Running', 0]]);
});

it('sends a log whole, its tail, or follows it', async () => {
  const token = await issuer.token();
  assert.equal((await cluster.call(`${PODS}/web-0/log`, { token })).body, 'web-0 starting\nweb-0 listening on :8080\nweb-0 ready\n');
  assert.equal((await cluster.call(`${PODS}/web-0/log?tailLines=1`, { token })).body, 'web-0 ready\n');
  const next = await follow(`${PODS}/web-0/log?follow=true&tailLines=0`);
  await open(1);
  await touch();
  assert.equal(await next(), 'web-0 touched');
  assert.equal(await next(), 'web-0 served request 1');
});

it('sends back what comes over an upgraded connection, without a node', async () => {
  assert.equal(await cluster.upgrade('/echo/upgrade'), 401);
  const socket = await cluster.upgrade('/echo/upgrade', { token: await issuer.token() });
  assert.ok(typeof socket !== 'number');
  assert.equal(await open(1), 1);
  socket.write('there and back');
  assert.equal(String((await once(socket, 'data'))[0]), 'there and back');
  socket.end();
  await once(socket.resume(), 'end');
});

it('ignores every other upgrade without a node', async () => {
  const token = await issuer.token();
  assert.equal(await cluster.upgrade('/echo/other', { token }), 200);
});

it('says when a stream was closed by its reader', async () => {
  const next = await follow(`${PODS}?watch=true`);
  await next();
  const closed = open(0);
  stream?.destroy();
  assert.equal(await closed, 0);
});

it('drops open streams when it ends', async () => {
  const own = await StartedCluster.start(issuer.issuer);
  const watch = await own.open(`${PODS}?watch=true`, { token: await issuer.token() });
  watch.resume();
  const cutOff = once(watch, 'error');
  assert.equal(await own.stop(), 0);
  assert.match(String((await cutOff)[0]), /aborted|ECONNRESET/);
});
