import assert from 'node:assert/strict';
import { it } from 'node:test';

import { TokenStore } from './token-store.mjs';

it('ends the overlap when its seconds are over', async () => {
  let now = 1_000_000;
  const tokens = new TokenStore({ overlapSeconds: 10, now: () => now }).adapter('RefreshToken');
  await tokens.upsert('spent', { grantId: 'login' });
  await tokens.consume('spent');
  now += 9_999;
  assert.equal(Object(await tokens.find('spent')).consumed, undefined);
  now += 1;
  assert.equal(Object(await tokens.find('spent')).consumed, 1_000);
  await assert.rejects(tokens.consume('spent'), { error: 'invalid_grant' });
  assert.equal(await tokens.find('spent'), undefined);
});

it('stores nothing more for a revoked login', async () => {
  const store = new TokenStore({ overlapSeconds: 0, now: Date.now });
  const tokens = store.adapter('RefreshToken');
  await tokens.upsert('one', { grantId: 'login' });
  await tokens.revokeByGrantId('login');
  await tokens.upsert('two', { grantId: 'login' });
  await store.adapter('AccessToken').upsert('three', { grantId: 'login' });
  assert.equal(await tokens.find('two'), undefined);
  assert.equal(await store.adapter('AccessToken').find('three'), undefined);
});
