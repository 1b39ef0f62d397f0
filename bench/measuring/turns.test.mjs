import assert from 'node:assert/strict';
import { test } from 'node:test';

import { inTurn } from './turns.mjs';

test('candidates are measured in turn, and the first turn does not count', async () => {
  /** @type {string[]} */
  const order = [];
  const candidate = (/** @type {string} */ name) => ({ name, sample: async () => order.push(name) });
  const samples = await inTurn(['A', 'B', 'C'].map(candidate), 2);
  assert.deepEqual(order.join(''), 'ABCBCACAB');
  assert.deepEqual([...samples], [['A', [6, 8]], ['B', [4, 9]], ['C', [5, 7]]]);
});

test('what takes minutes is measured cold', async () => {
  let taken = 0;
  assert.deepEqual([...(await inTurn([{ name: 'A', sample: async () => (taken += 1) }], 1, 'cold'))], [['A', [1]]]);
});

test('a failure names the candidate', async () => {
  const failing = { name: 'B', sample: () => Promise.reject(new Error('404')) };
  await assert.rejects(inTurn([failing], 1), /^Error: B: 404$/);
});
