import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { logIn, redeem, refresh } from './scripted-login.mjs';
import { startProcess } from './started-process.mjs';

/** @typedef {import('./started-process.mjs').StartedProcess} StartedProcess */

/** @param {string} issuer */
async function firstRefreshToken(issuer) {
  const { body } = await redeem(issuer, await logIn(issuer));
  return String(body.refresh_token);
}

describe('refresh tokens', () => {
  /** @type {StartedProcess} */
  let idp;
  let issuer = '';
  before(async () => {
    idp = await startProcess('idp.mjs');
    issuer = idp.announcement.issuer;
  });
  after(() => idp.stop());

  it('rotate: each refresh brings another one, and it works', async () => {
    const first = await firstRefreshToken(issuer);
    const second = await refresh(issuer, first);
    assert.equal(second.status, 200);
    assert.notEqual(second.body.refresh_token, first);
    assert.equal((await refresh(issuer, second.body.refresh_token)).status, 200);
  });

  it('revoke the whole family when one is used again', async () => {
    const first = await firstRefreshToken(issuer);
    const { body: second } = await refresh(issuer, first);
    const reuse = await refresh(issuer, first);
    assert.deepEqual([reuse.status, reuse.body.error], [403, 'invalid_grant']);
    const successor = await refresh(issuer, second.refresh_token);
    assert.deepEqual([successor.status, successor.body.error], [403, 'invalid_grant']);
    const me = await fetch(new URL('me', issuer), { headers: { authorization: `Bearer ${second.access_token}` } });
    assert.equal(me.status, 401);
  });

  it('leave other logins of the same user alone', async () => {
    const [one, other] = [await firstRefreshToken(issuer), await firstRefreshToken(issuer)];
    await refresh(issuer, one);
    await refresh(issuer, one);
    assert.equal((await refresh(issuer, other)).status, 200);
  });

  it('let one of many requests at once through, and revoke what it got', async () => {
    const first = await firstRefreshToken(issuer);
    const answers = await Promise.all(Array.from({ length: 16 }, () => refresh(issuer, first)));
    const good = answers.filter(({ status }) => status === 200);
    assert.ok(good.length <= 1, `${good.length} succeeded`);
    assert.equal(answers.filter(({ status }) => status === 403).length, 16 - good.length);
    for (const { body } of good) {
      assert.equal((await refresh(issuer, body.refresh_token)).status, 403);
    }
  });

  it('are gone when the code they came from is redeemed again', async () => {
    const login = await logIn(issuer);
    const { body } = await redeem(issuer, login);
    assert.equal((await redeem(issuer, login)).status, 400);
    assert.equal((await refresh(issuer, body.refresh_token)).status, 403);
  });

  it('can be revoked', async () => {
    const token = await firstRefreshToken(issuer);
    const body = new URLSearchParams({ client_id: 'kubernetes', token });
    assert.equal((await fetch(new URL('oauth/revoke', issuer), { method: 'POST', body })).status, 200);
    assert.equal((await refresh(issuer, token)).status, 403);
  });
});

describe('refresh tokens with an overlap period', () => {
  /** @type {StartedProcess} */
  let idp;
  let issuer = '';
  before(async () => {
    idp = await startProcess('idp.mjs', ['--overlap', '600']);
    issuer = idp.announcement.issuer;
  });
  after(() => idp.stop());

  it('let the one just before the newest succeed', async () => {
    const first = await firstRefreshToken(issuer);
    const { body } = await refresh(issuer, first);
    assert.equal((await refresh(issuer, first)).status, 200);
    assert.equal((await refresh(issuer, body.refresh_token)).status, 200);
  });

  it('revoke the family for one older than that', async () => {
    const first = await firstRefreshToken(issuer);
    const second = await refresh(issuer, first);
    const third = await refresh(issuer, second.body.refresh_token);
    assert.equal((await refresh(issuer, first)).status, 403);
    assert.equal((await refresh(issuer, third.body.refresh_token)).status, 403);
  });
});

describe('refresh tokens without rotation', () => {
  /** @type {StartedProcess} */
  let idp;
  let issuer = '';
  before(async () => {
    idp = await startProcess('idp.mjs', ['--no-rotation']);
    issuer = idp.announcement.issuer;
  });
  after(() => idp.stop());

  it('are not in the answer, and count again and again', async () => {
    const only = await firstRefreshToken(issuer);
    for (let time = 0; time < 3; time += 1) {
      const { status, body } = await refresh(issuer, only);
      assert.deepEqual([status, 'id_token' in body, 'refresh_token' in body], [200, true, false]);
    }
  });
});
