import assert from 'node:assert/strict';
import { it } from 'node:test';

import { environment } from './environment.mjs';
import { restartBackend } from './restart-backend.mjs';

it('through the forwarder, a request without a sign-in counts for the address that it comes from', async (test) => {
  test.after(() => restartBackend({}));
  // Backstage, and this test, which is the proxy in front of it at an address of the same machine.
  await restartBackend({ TRUSTED_PROXIES: '127.0.0.0/8,::1/128', REGISTRATIONS_PER_MINUTE: '1' });
  assert.equal(await register('198.51.100.7'), 401);
  assert.equal(await register('198.51.100.7'), 429);
  assert.equal(await register('203.0.113.1, 198.51.100.7'), 429);
  assert.equal(await register('198.51.100.8'), 401);
});

/** @param {string} forwardedFor */
async function register(forwardedFor) {
  const headers = { 'X-Forwarded-For': forwardedFor };
  const answer = await fetch(`${environment.url}/api/cluster-auth/register`, { method: 'POST', headers });
  return answer.status;
}
