import assert from 'node:assert/strict';
import { test } from 'node:test';

import { meanOf, ratiosOf, spreadOf } from './statistics.mjs';

test('the median is the middle one, or between the two in the middle', () => {
  assert.deepEqual(spreadOf([9, 1, 5]), { median: 5, least: 1, most: 9 });
  assert.deepEqual(spreadOf([4, 10, 1, 2]), { median: 3, least: 1, most: 10 });
  assert.deepEqual(spreadOf([7]), { median: 7, least: 7, most: 7 });
  assert.throws(() => spreadOf([]), /median of nothing/);
});

test('the mean has each value in it', () => {
  assert.equal(meanOf([9, 1, 2]), 4);
  assert.throws(() => meanOf([]), /mean of nothing/);
});

test('a ratio is taken turn by turn, so that a slow turn of the machine is in neither', () => {
  // The machine was at half of its speed in the second turn.
  assert.deepEqual(ratiosOf([200, 100, 220], [100, 50, 100]), [2, 2, 2.2]);
  assert.throws(() => ratiosOf([1, 2], [1]), /cannot be compared/);
});
