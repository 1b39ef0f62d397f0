import '../testing/fake-browser';

import assert from 'node:assert/strict';
import { afterEach, it } from 'node:test';

import { BackendServer, type Given } from '../testing/backend-server';
import { SESSION_TOKEN, STATE } from '../testing/example-login';
import { Backend } from './backend';
import { type Awaited, backoff, deliver, judge } from './deliver';

const WORDS = {
  unreadable: () => 'no backend',
  status: (status: number) => `status ${status}`,
  failed: () => 'has failed',
};

const SUCCESS = { body: { success: true, subject: 'felix' } };

let server: BackendServer | undefined;

afterEach(() => server?.stop());

function refusal(status: number, code?: string, headers = {}): Given {
  const error = { name: 'X', message: code && `Sentence of ${code}.`, code };
  return { status, headers, body: { error } };
}

/** Delivers to a backend with these answers, the last of them again and again, by a clock that moves in the waits alone. */
async function delivered(answers: Given[], session: Given = refusal(401)) {
  server = await BackendServer.start(({ line }) =>
    line.startsWith('GET') ? session : answers.shift() ?? refusal(503),
  );
  const waits: number[] = [];
  const troubles: Awaited[] = [];
  let now = 0;
  const outcome = await deliver({
    backend: new Backend(server.address),
    sessionToken: SESSION_TOKEN,
    callback: { code: 'c', state: STATE },
    endsAt: 60_000,
    words: WORDS,
    now: () => now,
    random: () => 0,
    sleep: async milliseconds => {
      waits.push(milliseconds);
      now += milliseconds;
    },
    onTrouble: awaited => troubles.push(awaited),
  });
  return { outcome, waits, troubles };
}

function judged(status: number, code?: string) {
  return judge({ kind: 'refused', refusal: { status, code } }, WORDS);
}

it('tries again what may pass', () => {
  assert.equal(judge({ kind: 'away' }, WORDS).kind, 'again');
  for (const [status, code] of [
    [429, 'rate_limited'],
    [502, 'idp_unreachable'],
    [502, undefined],
    [503, 'store_unavailable'],
    [504, undefined],
    [409, 'exchange_in_progress'],
  ] as const) {
    assert.equal(judged(status, code).kind, 'again', `${status} ${code}`);
  }
});

it('tries nothing else again', () => {
  for (const [status, code] of [
    [400, 'state_mismatch'],
    [401, 'session_unknown'],
    [403, 'identity_mismatch'],
    [404, undefined],
    [409, 'session_finished'],
    [409, 'exchange_lost'],
    [500, undefined],
    [501, undefined],
    [505, undefined],
  ] as const) {
    const verdict = judged(status, code);
    const problem = { code, message: `status ${status}` };
    const outcome = { kind: 'refused', problem };
    assert.deepEqual(verdict, { kind: 'final', outcome }, `${status}`);
  }
});

it("ends with the backend's own sentence", async () => {
  const { outcome } = await delivered([refusal(403, 'identity_mismatch')]);
  const message = 'Sentence of identity_mismatch.';
  const problem = { code: 'identity_mismatch', message };
  assert.deepEqual(outcome, { kind: 'refused', problem });
});

it('comes through when the backend is away and comes back', async () => {
  const away = [refusal(503), refusal(502, 'idp_unreachable'), refusal(504)];
  const { outcome, waits, troubles } = await delivered([...away, SUCCESS]);
  assert.equal(outcome.kind, 'connected');
  assert.deepEqual(waits, [500, 1_000, 2_000]);
  assert.deepEqual(troubles, ['backend', 'identity_provider', 'backend']);
});

it('waits as long as it is asked to, within reason', async () => {
  const asked = (seconds: string) =>
    refusal(429, 'rate_limited', { 'Retry-After': seconds });
  const { waits } = await delivered([asked('9'), asked('3600'), SUCCESS]);
  assert.deepEqual(waits, [9_000, 30_000]);
});

it('gives up when the session ends, and not before', async () => {
  const { outcome, waits } = await delivered([]);
  assert.deepEqual(outcome, { kind: 'expired' });
  assert.equal(
    waits.reduce((sum, wait) => sum + wait, 0),
    60_000,
  );
});

it('knows a stored refusal of the provider from one that passes', async () => {
  const error = { code: 'idp_refused', message: 'Check OIDC_CLIENT_ID.' };
  const body = {
    status: 'failed',
    user: 'user:default/felix',
    cluster: 'dev',
    expiresAt: '2026-01-01T00:00:00Z',
    error,
  };
  const stored = await delivered([refusal(502, 'idp_refused')], { body });
  assert.deepEqual(stored.outcome, { kind: 'refused', problem: error });
  server?.stop();
  const pending = { body: { ...body, status: 'pending' } };
  const passing = [refusal(502, 'idp_refused'), SUCCESS];
  assert.equal((await delivered(passing, pending)).outcome.kind, 'connected');
});

it("has words of its own for the person's no alone", async () => {
  const no = { body: { success: false, code: 'access_denied', message: 'x' } };
  assert.deepEqual((await delivered([no])).outcome, { kind: 'denied' });
  server?.stop();
  const said = { code: 'idp_refused', message: 'Ask the operator.' };
  const other = { body: { success: false, ...said } };
  const outcome = { kind: 'refused', problem: said };
  assert.deepEqual((await delivered([other])).outcome, outcome);
});

it('takes a no without a message for that of the provider, as the helper does: older backends send none', async () => {
  for (const code of ['access_denied', 'idp_refused']) {
    const no = { body: { success: false, code } };
    assert.deepEqual((await delivered([no])).outcome, { kind: 'denied' }, code);
    server?.stop();
  }
});

it('waits longer and longer, at random', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 40].map(tries => backoff(tries, 0)),
    [500, 1_000, 2_000, 4_000, 5_000, 5_000],
  );
  assert.equal(backoff(0, 0.5), 750);
});
