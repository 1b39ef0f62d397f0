import { fake, freshBrowser } from '../testing/fake-browser';

import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';

import { answerTo } from '../background/conversation';
import { onTabClosed } from '../background/tabs';
import { BackendServer, type Given } from '../testing/backend-server';
import { exampleLogin, SESSION_TOKEN } from '../testing/example-login';
import { allLogins, keep, type Login, loginWith } from './login';
import { askAbout } from './session-over';

const CANCELLED = { code: 'cancelled', message: 'You cancelled it.' };

let server: BackendServer | undefined;

beforeEach(() => {
  freshBrowser();
});

afterEach(() => server?.stop());

function session(status: string, error?: object): Given {
  const expiresAt = '2026-01-01T00:00:00Z';
  const user = 'user:default/felix';
  return { body: { status, user, cluster: 'dev', expiresAt, error } };
}

/** A login at a backend that answers so when it is asked for the session. */
async function loginAt(answer: () => Given, changes: Partial<Login> = {}) {
  server = await BackendServer.start(answer);
  const login = exampleLogin({ portal: { appUrl: server.address }, ...changes });
  await keep(login);
  await fake.storage.local.set({ portals: [login.portal] });
  return server;
}

/** How it ended where the backend answers so. */
async function after(answer: Given, changes: Partial<Login> = {}) {
  const { asked } = await loginAt(() => answer, changes);
  await askAbout(await allLogins());
  server?.stop();
  const { step, outcome } = (await loginWith('one')) ?? {};
  return { step, outcome, asked };
}

it('a login that was cancelled in Backstage ends in the words of the backend, at the question and at the provider', async () => {
  for (const step of ['confirming', 'authorizing'] as const) {
    const { outcome, asked } = await after(session('failed', CANCELLED), {
      step,
    });
    assert.deepEqual(outcome, { kind: 'refused', problem: CANCELLED }, step);
    const [{ line, authorization } = { line: '' }] = asked;
    assert.equal(line, 'GET /api/cluster-auth/session');
    assert.equal(authorization, `Bearer ${SESSION_TOKEN}`);
  }
});

it('one that ended otherwise ends, too', async () => {
  const refusal = (code: string) => ({
    status: 401,
    body: { error: { code, message: 'Begin again.' } },
  });
  const unknown = { code: 'session_unknown', message: 'Begin again.' };
  for (const [answer, outcome] of [
    [session('expired'), { kind: 'expired' }],
    [refusal('session_expired'), { kind: 'expired' }],
    [refusal('session_unknown'), { kind: 'refused', problem: unknown }],
  ] as const) {
    assert.deepEqual((await after(answer)).outcome, outcome);
  }
  const { outcome } = await after(session('complete'));
  assert.ok(outcome?.kind === 'refused');
  assert.equal(outcome.problem.code, 'session_finished');
});

it('one goes on of which the backend does not say that it is over', async () => {
  for (const answer of [
    session('pending'),
    session('exchanging'),
    { status: 503 },
    { status: 429, body: { error: { code: 'rate_limited', message: 'x' } } },
    { body: 'no backend' },
  ]) {
    assert.equal((await after(answer)).step, 'authorizing');
  }
});

it('one that is delivered is not asked about, and does not end while the backend is asked', async () => {
  const failed = session('failed', CANCELLED);
  const { asked } = await after(failed, { step: 'delivering' });
  assert.deepEqual(asked, []);
  let hasReturned = Promise.resolve();
  await loginAt(() => {
    hasReturned = keep(exampleLogin({ step: 'delivering' }));
    return failed;
  });
  await askAbout(await allLogins());
  await hasReturned;
  assert.equal((await loginWith('one'))?.step, 'delivering');
});

it('its tab leaves the provider, which would send it to port 8000', async () => {
  await after(session('failed', CANCELLED));
  assert.deepEqual(fake.addresses, [fake.runtime.getURL('callback.html')]);
});

it('a state that the page tells is a reason to ask, for the logins of that portal', async () => {
  const { address } = await loginAt(() => session('failed', CANCELLED));
  const elsewhere = { appUrl: 'https://other.example' };
  await keep(exampleLogin({ id: 'two', portal: elsewhere }));
  const tab = { id: 1, index: 0, windowId: 1 } as chrome.tabs.Tab;
  await answerTo(
    { type: 'state', clusters: [] },
    { id: fake.runtime.id, frameId: 0, tab, url: `${address}/catalog` },
  );
  assert.equal((await loginWith('one'))?.step, 'failed');
  assert.equal((await loginWith('two'))?.step, 'authorizing');
});

it('so is the end of its tab', async () => {
  await loginAt(() => session('failed', CANCELLED));
  await onTabClosed(3);
  assert.equal((await loginWith('one'))?.step, 'authorizing');
  await onTabClosed(2);
  assert.equal((await loginWith('one'))?.step, 'failed');
});
