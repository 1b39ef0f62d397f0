import assert from 'node:assert/strict';
import { it } from 'node:test';

import { failuresIn } from './failures.mjs';

const NODE = `TAP version 13
# Subtest: passes
ok 1 - passes
  ---
  duration_ms: 1
  ...
# Subtest: outer
    # Subtest: inner
    not ok 1 - inner
      ---
      duration_ms: 2
      error: |-
        Expected 1

        to be 2
      ...
    1..1
not ok 2 - outer
  ---
  duration_ms: 3
  error: '1 subtest failed'
  ...
# Subtest: last
ok 3 - last
  ---
  duration_ms: 1
  ...
`;

const JEST = `FAIL src/a.test.ts
  a
    ✓ passes (3 ms)
    ✕ fails (5 ms)

  ● a › fails

    expect(received).toBe(expected)

      at a.test.ts:3:1

PASS src/b.test.ts
Test Suites: 1 failed, 1 passed, 2 total
Tests:       1 failed, 2 passed, 3 total
`;

it('shows a failed test of node with its error, and not the tests around it', () => {
  assert.deepEqual(failuresIn('node', NODE), [
    '    not ok 1 - inner\n      ---\n      duration_ms: 2\n      error: |-\n        Expected 1\n\n        to be 2\n      ...',
  ]);
});

it('shows a failed test of jest', () => {
  assert.deepEqual(failuresIn('jest', JEST), [
    '  ● a › fails\n\n    expect(received).toBe(expected)\n\n      at a.test.ts:3:1',
  ]);
});

it('shows nothing of other runners, which say it at the end', () => {
  assert.deepEqual(failuresIn('cargo', NODE), []);
});
