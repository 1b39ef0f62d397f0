import assert from 'node:assert/strict';
import { test } from 'node:test';

import { meanWait } from './callback.mjs';

test('the wait for the provider is the mean of the turn alone, in milliseconds', () => {
  assert.equal(meanWait({ seconds: 10, count: 8 }, { seconds: 10.5, count: 12 }, 4), 125);
});

test('calls that no login of the turn has made, or that are missing, fail it', () => {
  assert.throws(() => meanWait({ seconds: 1, count: 1 }, { seconds: 2, count: 4 }, 2), /^Error: the backend has called the token endpoint 3 times for 2 logins$/);
  assert.throws(() => meanWait({ seconds: 0, count: 0 }, { seconds: 0, count: 0 }, 1), /0 times for 1 logins/);
});
