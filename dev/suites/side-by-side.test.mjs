import assert from 'node:assert/strict';
import { it } from 'node:test';

import { sideBySide } from './side-by-side.mjs';
import { TESTS } from './suites.mjs';

/**
 * Runs them by hand: each ends when the test says so.
 *
 * @param {{name: string, uses?: string}[]} all
 */
function begin(all) {
  /** @type {Map<string, () => void>} */
  const running = new Map();
  const done = sideBySide(all, 2, ({ name }) => new Promise((resolve) => {
    running.set(name, () => resolve(name));
  }));
  const end = async (/** @type {string} */ name) => {
    running.get(name)?.();
    running.delete(name);
    await new Promise((resolve) => setImmediate(resolve));
    return [...running.keys()];
  };
  return { running: () => [...running.keys()], end, done };
}

it('runs two at a time, in the order given', async () => {
  const { running, end, done } = begin(['a', 'b', 'c'].map((name) => ({ name })));
  assert.deepEqual(running(), ['a', 'b']);
  assert.deepEqual(await end('b'), ['a', 'c']);
  assert.deepEqual(await end('a'), ['c']);
  await end('c');
  assert.deepEqual(await done, ['b', 'a', 'c']);
});

it('never runs two that use the same, and begins the next one instead', async () => {
  const { running, end, done } = begin([
    { name: 'a', uses: 'x' }, { name: 'b', uses: 'x' }, { name: 'c' }, { name: 'd', uses: 'x' },
  ]);
  assert.deepEqual(running(), ['a', 'c']);
  assert.deepEqual(await end('c'), ['a']);
  assert.deepEqual(await end('a'), ['b']);
  assert.deepEqual(await end('b'), ['d']);
  await end('d');
  assert.deepEqual(await done, ['c', 'a', 'b', 'd']);
});

it('takes the name of one for nothing that another uses', async () => {
  const { running, end, done } = begin([{ name: 'a', uses: 'x' }, { name: 'x' }, { name: 'b', uses: 'x' }]);
  assert.deepEqual(running(), ['a', 'x']);
  assert.deepEqual(await end('x'), ['a']);
  assert.deepEqual(await end('a'), ['b']);
  await end('b');
  await done;
});

it('begins with the program tests, beside those of Backstage', async () => {
  const { running } = begin(TESTS);
  assert.deepEqual(running(), ['program', 'backstage-test']);
});
