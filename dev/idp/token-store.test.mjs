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

it('ends all that a person has at a client, where it is told to', async () => {
  const store = new TokenStore({ overlapSeconds: 0, extent: 'person', now: Date.now });
  const [grants, tokens] = [store.adapter('Grant'), store.adapter('RefreshToken')];
  for (const [grantId, accountId, clientId] of [['one', 'felix', 'a'], ['two', 'felix', 'a'], ['three', 'felix', 'b'], ['four', 'mara', 'a']]) {
    await grants.upsert(`${grantId}`, { accountId, clientId });
    await tokens.upsert(`of ${grantId}`, { grantId });
  }
  await tokens.revokeByGrantId('one');
  const kept = await Promise.all(['one', 'two', 'three', 'four'].map((grantId) => tokens.find(`of ${grantId}`)));
  assert.deepEqual(kept.map(Boolean), [false, false, true, true]);
});
