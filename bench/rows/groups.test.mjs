import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chosenGroups, GROUPS } from './groups.mjs';

test('ROWS names some, nothing names all, and another name is refused', () => {
  assert.deepEqual(chosenGroups(undefined), GROUPS);
  assert.deepEqual(chosenGroups('kubernetes,start').map(({ name }) => name), ['kubernetes', 'start']);
  assert.throws(() => chosenGroups('coffee'), /there are no rows coffee: name some of start, /);
});
