import '../testing/fake-browser';

import assert from 'node:assert/strict';
import { afterEach, it } from 'node:test';

import { BackendServer, type Given } from '../testing/backend-server';
import { SESSION_TOKEN, STATE } from '../testing/example-login';
import { Backend } from './backend';

const CALLBACK = { code: 'c', state: STATE };

let server: BackendServer | undefined;

afterEach(() => server?.stop());

async function exchangeWith(given: Given) {
  server = await BackendServer.start(() => given);
  const backend = new Backend(server.address);
  return await backend.exchange(SESSION_TOKEN, CALLBACK);
}

it('hands the callback over with the session token', async () => {
  const body = { success: true, subject: 'felix', email: 'f@x', user: 'u' };
  const answer = await exchangeWith({ body });
  assert.ok(answer.kind === 'ok');
  const { success, ...rest } = answer.body;
  assert.equal(success, true);
  assert.deepEqual(rest, { account: 'f@x', refreshable: true });
  assert.deepEqual(server?.asked, [
    {
      line: 'POST /api/cluster-auth/exchange',
      authorization: `Bearer ${SESSION_TOKEN}`,
      body: JSON.stringify(CALLBACK),
    },
  ]);
  const drift = (answer.sentAt ?? 0) - Date.now();
  assert.ok(Math.abs(drift) < 60_000, 'the time is the answer’s own');
});

it("reads a refusal in Backstage's own shape", async () => {
  const answer = await exchangeWith({
    status: 429,
    headers: { 'Retry-After': '9' },
    body: {
      error: { name: 'X', message: 'Not now.', code: 'rate_limited' },
      response: { statusCode: 429 },
    },
  });
  const refusal = {
    status: 429,
    code: 'rate_limited',
    message: 'Not now.',
    retryAfter: 9_000,
  };
  assert.deepEqual(answer, { kind: 'refused', refusal });
});

it('reads a refusal of another server, which says nothing', async () => {
  const answer = await exchangeWith({ status: 502, body: '<html>' });
  assert.ok(answer.kind === 'refused');
  assert.deepEqual(Object.values(answer.refusal).filter(Boolean), [502]);
});

it('follows no redirect: the code and the session token would go elsewhere', async () => {
  const other = await BackendServer.start(() => ({}));
  const headers = { Location: `${other.address}/api/cluster-auth/exchange` };
  const answer = await exchangeWith({ status: 307, headers });
  other.stop();
  assert.notEqual(answer.kind, 'ok');
  assert.deepEqual(other.asked, []);
});

for (const [name, body] of [
  ['a page', '<html>'],
  ['an answer that is neither yes nor no', { success: 'true' }],
  [
    'more than any backend sends',
    { success: true, subject: 'x'.repeat(300_000) },
  ],
] as const) {
  it(`cannot read ${name}`, async () => {
    assert.deepEqual(await exchangeWith({ body }), { kind: 'unreadable' });
  });
}

it('says that nothing answers', async () => {
  const gone = await BackendServer.start(() => ({}));
  const backend = new Backend(gone.address);
  gone.stop();
  assert.deepEqual(await backend.session(SESSION_TOKEN), { kind: 'away' });
});
