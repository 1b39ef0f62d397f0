import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { LoopbackServer } from '../../dev/idp/loopback.mjs';
import { inRepository } from '../../dev/setup/repository.mjs';
import { askOnce } from './checked-request.mjs';
import { spreadOf } from './statistics.mjs';
import { wrongAnswers } from './verdict.mjs';
import { runWrk } from './wrk.mjs';

/** @type {LoopbackServer} */
let server;
/** @type {Set<string>} */
let asked = new Set();
/** What was asked once more. @type {string[]} */
const again = [];
let url = '';

before(async () => {
  await mkdir(inRepository('target/bench'), { recursive: true });
  server = await LoopbackServer.listen(0);
  url = `http://127.0.0.1:${server.port}`;
  server.serve((request, response) => {
    /** @type {string[]} */
    const body = [];
    request.on('data', (part) => body.push(String(part)));
    request.on('end', () => {
      const { authorization = '', cookie = '' } = request.headers;
      const what = [request.method, request.url, authorization, cookie, body.join('')].join(' ');
      if (asked.has(what)) {
        again.push(what);
      }
      asked.add(what);
      response.writeHead(request.url === '/wrong' ? 500 : 200).end(request.url === '/short' && asked.size > 1 ? '' : 'x'.repeat(1000));
    });
  });
});

after(() => server.close());

const LOAD = { connections: 4, seconds: 1 };

test('one request is sent again and again, as it is written', async () => {
  asked = new Set();
  const report = await runWrk({ ...LOAD, url, requests: [{ method: 'POST', path: '/a?b=c', bearer: 't', body: '{"a":1}' }], cookie: 'c=d' });
  assert.deepEqual([...asked], ['POST /a?b=c Bearer t c=d {"a":1}']);
  assert.ok(report.requests > 0 && report.processor > 0 && report.median > 0, JSON.stringify(report));
  const { bytes, status, body } = await askOnce(url, { path: '/a' });
  assert.deepEqual([status, body.length], [200, 1000]);
  assert.equal(wrongAnswers(report, [bytes], LOAD.connections), undefined);
});

test('several requests are sent in turn, again and again', async () => {
  asked = new Set();
  const requests = ['1', '2', '3'].map((bearer) => ({ path: '/a', bearer }));
  assert.ok((await runWrk({ ...LOAD, url, requests })).requests > requests.length);
  assert.deepEqual([...asked].toSorted(), ['GET /a Bearer 1  ', 'GET /a Bearer 2  ', 'GET /a Bearer 3  ']);
});

test('requests that are sent once end their turn, and none is sent twice', async () => {
  const connections = 32;
  // Several times, as it depends on how many connections are ready at once when the list ends; each with its own, as the last ones of a turn arrive
  // when wrk has ended.
  for (let turn = 0; turn < 20; turn += 1) {
    const requests = Array.from({ length: 100 }, (_, number) => ({ path: '/a', bearer: `once-${turn}-${number}` }));
    const report = await runWrk({ connections, seconds: 60, url, requests, once: true });
    assert.ok(report.requests > 100 - 2 * connections && report.microseconds < 30e6, JSON.stringify(report));
    assert.equal(report.wrongStatus + report.broken + report.timeouts, 0, JSON.stringify(report));
  }
  assert.deepEqual(again.filter((what) => what.includes('once-')), []);
});

test('the end of a list is not lost on wrk, which would wait for all of its time', async () => {
  asked = new Set();
  const requests = ['1', '2', '3', '4', '5'].map((bearer) => ({ path: '/a', bearer }));
  const took = [];
  for (let turn = 0; turn < 20; turn += 1) {
    took.push((await runWrk({ ...LOAD, seconds: 60, url, requests, once: true })).microseconds);
  }
  // One that ended before wrk waited is ended a second later.
  assert.ok(spreadOf(took).median < 0.9e6 && Math.max(...took) < 30e6, took.join(', '));
});

test('answers of a wrong status, or of another length, are found', async () => {
  asked = new Set();
  const { bytes } = await askOnce(url, { path: '/a' });
  assert.match(wrongAnswers(await runWrk({ ...LOAD, url, requests: [{ path: '/wrong' }] }), [bytes], LOAD.connections) ?? '', /wrong status/);
  asked = new Set(['one', 'two']);
  assert.match(wrongAnswers(await runWrk({ ...LOAD, url, requests: [{ path: '/short' }] }), [bytes], LOAD.connections) ?? '', /each; /);
});
