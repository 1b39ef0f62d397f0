import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Parts } from './parts.mjs';

/** @param {string[]} stopped @param {string} name */
const part = (stopped, name) => Promise.resolve({ stop: async () => stopped.push(name) });

test('parts are stopped in the opposite order, also after a failure', async () => {
  /** @type {string[]} */
  const stopped = [];
  await assert.rejects(Parts.around(async (parts) => {
    await parts.add(part(stopped, 'first'));
    await parts.add(part(stopped, 'second'));
    throw new Error('no');
  }), /^Error: no$/);
  assert.deepEqual(stopped, ['second', 'first']);
});
