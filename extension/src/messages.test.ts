import './testing/fake-browser';

import assert from 'node:assert/strict';
import { it } from 'node:test';

import {
  readContentMessage,
  readOwnPageMessage,
  readPageMessage,
} from './messages';

const source = 'cluster-auth-page';
const sessionToken = 't'.repeat(43);
const clusters = [
  { name: 'dev', title: 'Dev', connected: true, expiresAt: '2026-01-01' },
];

it("reads a page's messages, and takes over nothing else that they hold", () => {
  const start = { source, type: 'start', id: '1', sessionToken };
  const more = { authUrl: 'https://evil.example', state: 's', backendUrl: 'x' };
  assert.deepEqual(readPageMessage({ ...start, ...more }), start);
  const ping = { source, type: 'ping', id: '1' };
  assert.deepEqual(readPageMessage(ping), ping);
  const state = readPageMessage({ source, type: 'state', id: '1', clusters });
  assert.equal(state?.type === 'state' && state.clusters[0]?.name, 'dev');
});

it('ignores what is malformed', () => {
  const start = { source, type: 'start', id: '1', sessionToken };
  const state = { source, type: 'state', id: '1' };
  for (const malformed of [
    null,
    'ping',
    [],
    { ...start, source: 'cluster-auth-extension' },
    { ...start, type: 'stop' },
    { ...start, id: 1 },
    { ...start, id: '' },
    { ...start, id: 'x'.repeat(101) },
    { ...start, sessionToken: undefined },
    { ...start, sessionToken: `${sessionToken}x` },
    { ...start, sessionToken: `${sessionToken.slice(1)}.` },
    state,
    { ...state, clusters: {} },
    { ...state, clusters: [{ name: 'dev' }] },
    { ...state, clusters: [{ ...clusters[0], connected: 'yes' }] },
    { ...state, clusters: [{ ...clusters[0], expiresAt: 5 }] },
    { ...state, clusters: Array.from({ length: 201 }, () => clusters[0]) },
    { ...state, clusters: [{ ...clusters[0], title: 'x'.repeat(1_001) }] },
  ]) {
    assert.equal(readPageMessage(malformed), undefined);
  }
});

it('reads what the content script passes on once more', () => {
  const start = { type: 'start', id: '1', sessionToken };
  assert.deepEqual(readContentMessage(start), start);
  assert.deepEqual(readContentMessage({ type: 'hello' }), { type: 'hello' });
  assert.equal(readContentMessage({ type: 'state', clusters })?.type, 'state');
  for (const other of [
    { ...start, sessionToken: '' },
    { type: 'ping', id: '1' },
    { type: 'continue', login: 'x' },
    { type: 'returned' },
    undefined,
  ]) {
    assert.equal(readContentMessage(other), undefined);
  }
});

it("reads the messages of the extension's own pages", () => {
  const login = 'x';
  const known = { type: 'continue', login };
  assert.deepEqual(readOwnPageMessage({ ...known, more: 1 }), known);
  assert.deepEqual(readOwnPageMessage({ type: 'returned' }), {
    type: 'returned',
  });
  for (const other of [{ type: 'continue' }, { type: 'start', login }, 5]) {
    assert.equal(readOwnPageMessage(other), undefined);
  }
});
