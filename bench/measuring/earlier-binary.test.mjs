import assert from 'node:assert/strict';
import { test } from 'node:test';

import { earlierBinary } from './earlier-binary.mjs';

test('an earlier binary is named by BEFORE or by BASELINE', () => {
  assert.equal(earlierBinary({}), undefined);
  assert.equal(earlierBinary({ BEFORE: '', BASELINE: '' }), undefined);
  assert.deepEqual(earlierBinary({ BEFORE: '/old' }), { variable: 'BEFORE', binary: '/old' });
  assert.deepEqual(earlierBinary({ BEFORE: '', BASELINE: '/first' }), { variable: 'BASELINE', binary: '/first' });
});

test('both are refused', () => {
  assert.throws(() => earlierBinary({ BEFORE: '/old', BASELINE: '/first' }), /^Error: BEFORE and BASELINE are both set: name one earlier binary, by one of them$/);
});
