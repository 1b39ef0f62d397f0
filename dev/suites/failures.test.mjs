import assert from 'node:assert/strict';
import { it } from 'node:test';

import { excerpt, failuresIn } from './failures.mjs';

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

const CARGO = `
running 3 tests
test tests::passes ... ok
test tests::fails ... FAILED

failures:

---- tests::fails stdout ----

thread 'tests::fails' panicked at src/a.rs:3:1:
assertion \`left == right\` failed

---- tests::fails_too stdout ----

thread 'tests::fails_too' panicked at src/a.rs:9:1:
No such file


failures:
    tests::fails
    tests::fails_too

test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
`;

const SPEC = `✔ first (1 ms)
ℹ fail 2

✖ failing tests:

test at a.test.mjs:20:1
✖ no token (17 ms)
  AssertionError: Expected

  + actual

test at b.test.mjs:1:1
✖ second (1 ms)
  Error: no
make[1]: *** [Makefile:15: backstage-test] Error 1
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

it('shows a failed test of cargo, without the tests that passed and the list of names', () => {
  assert.deepEqual(failuresIn('cargo', CARGO), [
    "---- tests::fails stdout ----\n\nthread 'tests::fails' panicked at src/a.rs:3:1:\nassertion `left == right` failed",
    "---- tests::fails_too stdout ----\n\nthread 'tests::fails_too' panicked at src/a.rs:9:1:\nNo such file",
  ]);
});

it("shows a failed test of node's reporter for people", () => {
  assert.deepEqual(failuresIn('node', SPEC), [
    'test at a.test.mjs:20:1\n✖ no token (17 ms)\n  AssertionError: Expected\n\n  + actual',
    'test at b.test.mjs:1:1\n✖ second (1 ms)\n  Error: no',
  ]);
});

it('shows the end of an output without failed tests', () => {
  assert.equal(excerpt('cargo', 'error[E0425]: cannot find value\n\n'), 'error[E0425]: cannot find value');
  const lines = Array.from({ length: 100 }, (_, at) => `line ${at}`);
  assert.equal(excerpt('', lines.join('\n')), lines.slice(40).join('\n'));
});

it('bounds what it shows, and says how many failed tests are left out', () => {
  const failure = (/** @type {number} */ at) => `---- tests::${at} stdout ----\n${'a line\n'.repeat(200)}`;
  const shown = excerpt('cargo', Array.from({ length: 12 }, (_, at) => failure(at)).join(''));
  assert.equal(shown.match(/^---- tests::/gm)?.length, 10);
  assert.match(shown, /\n\n… and 2 more$/);
  assert.ok(shown.split('\n').length < 650);
});
