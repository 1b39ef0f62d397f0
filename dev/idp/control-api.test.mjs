import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';

import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';

import { control, logIn, redeem, refresh } from './scripted-login.mjs';
import { startProcess } from './started-process.mjs';

describe('the control API', () => {
  /** @type {import('./started-process.mjs').StartedProcess} */
  let idp;
  let issuer = '';
  let directory = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'idp-'));
    idp = await startProcess('idp.mjs', ['--ledger', join(directory, 'ledger')]);
    issuer = idp.announcement.issuer;
  });
  afterEach(() => control(issuer, 'POST reset'));
  after(async () => {
    await idp.stop();
    await rm(directory, { recursive: true });
  });

  const jwksUrl = () => new URL('.well-known/jwks.json', issuer);

  it('gives the ID tokens of one client a lifetime of their own', async () => {
    const lifetime = async () => {
      const { body } = await redeem(issuer, await logIn(issuer));
      const { payload } = await jwtVerify(String(body.id_token), createRemoteJWKSet(jwksUrl()));
      return Number(payload.exp) - Number(payload.iat);
    };
    const usual = await lifetime();
    await control(issuer, 'POST id-token-lifetime', { seconds: 7, clientId: 'another' });
    assert.equal(await lifetime(), usual);
    await control(issuer, 'POST id-token-lifetime', { seconds: 60, clientId: 'kubernetes' });
    assert.equal(await lifetime(), 60);
    await control(issuer, 'POST id-token-lifetime', { seconds: usual, clientId: 'kubernetes' });
  });

  it('holds a token request before it is processed', async () => {
    const login = await logIn(issuer);
    await control(issuer, 'POST hold', { endpoint: 'token', when: 'before' });
    const held = redeem(issuer, login);
    assert.deepEqual((await control(issuer, 'GET held')).body, { held: true });
    // The code is still unspent, so another request gets through.
    assert.equal((await redeem(issuer, login)).status, 200);
    await control(issuer, 'POST release');
    assert.equal((await held).status, 400);
  });

  it('holds the answer of a token request that was processed', async () => {
    const login = await logIn(issuer);
    await control(issuer, 'POST hold', { endpoint: 'token', when: 'after' });
    const held = redeem(issuer, login);
    await control(issuer, 'GET held');
    assert.equal((await redeem(issuer, login)).status, 400);
    await control(issuer, 'POST release');
    assert.equal((await held).status, 200);
  });

  it('spends the token of a held request after its client has disconnected', async () => {
    const { body } = await redeem(issuer, await logIn(issuer));
    await control(issuer, 'POST hold', { endpoint: 'token', when: 'before' });
    const gone = new AbortController();
    const parameters = { grant_type: 'refresh_token', client_id: 'kubernetes', refresh_token: String(body.refresh_token) };
    const request = fetch(new URL('oauth/token', issuer), {
      method: 'POST', body: new URLSearchParams(parameters), signal: gone.signal,
    });
    await control(issuer, 'GET held');
    gone.abort();
    await assert.rejects(request, { name: 'AbortError' });
    await control(issuer, 'POST release');
    assert.equal((await refresh(issuer, body.refresh_token)).status, 403);
  });

  it('gives a canned answer as often as asked, then the real one', async () => {
    await control(issuer, 'POST next', { endpoint: 'token', times: 2, status: 503, body: 'down', contentType: 'text/plain', retryAfter: 7 });
    for (let request = 0; request < 2; request += 1) {
      const response = await fetch(new URL('oauth/token', issuer), { method: 'POST', body: new URLSearchParams() });
      assert.equal(response.status, 503);
      assert.match(response.headers.get('content-type') ?? '', /^text\/plain/);
      assert.equal(response.headers.get('retry-after'), '7');
      assert.equal(await response.text(), 'down');
    }
    assert.equal((await redeem(issuer, await logIn(issuer))).status, 200);
  });

  it('gives a canned answer to the client that it is for', async () => {
    const ask = (/** @type {string} */ clientId) => fetch(new URL('oauth/token', issuer), {
      method: 'POST', body: new URLSearchParams({ client_id: clientId }),
    });
    await control(issuer, 'POST next', { endpoint: 'token', clientId: 'kubernetes', status: 503 });
    assert.notEqual((await ask('another')).status, 503);
    assert.equal((await ask('kubernetes')).status, 503);
  });

  it('replaces discovery and keys, with JSON bodies', async () => {
    const discovery = new URL('.well-known/openid-configuration', issuer);
    for (const [endpoint, url] of /** @type {[string, URL][]} */ ([['jwks', jwksUrl()], ['discovery', discovery]])) {
      await control(issuer, 'POST next', { endpoint, status: 200, body: { canned: endpoint } });
      assert.deepEqual(await (await fetch(url)).json(), { canned: endpoint });
    }
  });

  it('fails a revocation that then succeeds', async () => {
    const { body } = await redeem(issuer, await logIn(issuer));
    const revoke = () => fetch(new URL('oauth/revoke', issuer), {
      method: 'POST', body: new URLSearchParams({ client_id: 'kubernetes', token: body.refresh_token }),
    });
    await control(issuer, 'POST next', { endpoint: 'revocation', status: 503 });
    assert.equal((await revoke()).status, 503);
    assert.equal((await revoke()).status, 200);
    assert.equal((await refresh(issuer, body.refresh_token)).status, 403);
  });

  it('delays the real answer', async () => {
    await control(issuer, 'POST next', { endpoint: 'jwks', delayMs: 300 });
    const started = performance.now();
    const { keys } = Object(await (await fetch(jwksUrl())).json());
    assert.ok(performance.now() - started >= 299);
    assert.equal(keys[0].kty, 'RSA');
  });

  it('counts requests', async () => {
    const { body } = await redeem(issuer, await logIn(issuer));
    await refresh(issuer, body.refresh_token);
    await fetch(jwksUrl());
    await fetch(new URL('oauth/revoke', issuer), { method: 'POST', body: new URLSearchParams() });
    assert.deepEqual((await control(issuer, 'GET counts')).body, {
      token: { authorization_code: 1, refresh_token: 1 }, authorize: 1, jwks: 1, discovery: 0, revocation: 1,
    });
    await control(issuer, 'POST reset');
    assert.equal((await control(issuer, 'GET counts')).body.jwks, 0);
  });

  it('rotates the signing key and keeps logins', async () => {
    const { body } = await redeem(issuer, await logIn(issuer));
    await control(issuer, 'POST rotate-keys');
    const { body: second } = await refresh(issuer, body.refresh_token);
    const kids = [body, second].map(({ id_token: token }) => decodeProtectedHeader(token).kid);
    assert.notEqual(kids[0], kids[1]);
    await jwtVerify(body.id_token, createRemoteJWKSet(jwksUrl()));
    await jwtVerify(second.id_token, createRemoteJWKSet(jwksUrl()));
    await control(issuer, 'POST rotate-keys', { drop: true });
    await assert.rejects(jwtVerify(second.id_token, createRemoteJWKSet(jwksUrl())), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
  });

  it('refuses commands it does not understand', async () => {
    for (const [command, body] of /** @type {[string, unknown][]} */ ([
      ['POST hold', { endpoint: 'token', when: 'never' }],
      ['POST next', { endpoint: 'authorize', status: 500 }],
      ['POST next', { endpoint: 'token' }],
      ['POST next', { endpoint: 'jwks', clientId: 'kubernetes', status: 500 }],
      ['POST next', { endpoint: 'token', status: 500, times: 0 }],
    ])) {
      assert.equal((await control(issuer, command, body)).status, 400);
    }
    assert.equal((await control(issuer, 'POST nonsense')).status, 404);
  });

  it('writes every secret of a login to the ledger', async () => {
    const readLedger = () => readFile(join(directory, 'ledger'), 'utf8');
    const login = await logIn(issuer);
    const code = login.redirect.get('code') ?? '';
    assert.ok((await readLedger()).includes(JSON.stringify({ kind: 'code', value: code })), 'before it is redeemed');
    const { body } = await redeem(issuer, login);
    const lines = (await readLedger()).trim().split('\n').map((line) => JSON.parse(line));
    for (const [kind, value] of /** @type {[string, string][]} */ ([
      ['state', login.parameters.state],
      ['nonce', login.parameters.nonce],
      ['code', code],
      ['verifier', login.verifier],
      ['id_token', body.id_token],
      ['access_token', body.access_token],
      ['refresh_token', body.refresh_token],
    ])) {
      assert.equal(lines.filter((line) => line.kind === kind && line.value === value).length, 1, kind);
    }
  });
});
