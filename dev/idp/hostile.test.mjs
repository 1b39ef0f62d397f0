import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, createPublicKey } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { createLocalJWKSet, createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';

import { inRepository } from '../setup/repository.mjs';
import { authorizationRequest, CookieJarClient, control, redeem, refresh } from './scripted-login.mjs';
import { startProcess } from './started-process.mjs';

describe('the hostile identity provider', () => {
  /** @type {import('./started-process.mjs').StartedProcess} */
  let idp;
  let issuer = '';
  let directory = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hostile-'));
    idp = await startProcess('hostile.mjs', ['--ledger', join(directory, 'ledger')]);
    issuer = idp.announcement.issuer;
  });
  afterEach(() => tell('none'));
  after(async () => {
    await idp.stop();
    await rm(directory, { recursive: true });
  });

  const tell = async (/** @type {string} */ lie) => {
    assert.deepEqual((await control(issuer, 'POST lie', { lie })).body, { lie });
  };
  const at = (/** @type {string} */ path) => new URL(path, issuer);
  const fetchJson = async (/** @type {string} */ path) => Object(await (await fetch(at(path))).json());
  const keys = () => createRemoteJWKSet(at('.well-known/jwks.json'));
  const count = async (/** @type {string} */ what) => Object.values((await control(issuer, `GET ${what}`)).body)[0];

  /** Authorizes as a browser would and redeems the code. */
  async function logIn() {
    const request = authorizationRequest(issuer);
    const { url } = await new CookieJarClient().navigate(request.url);
    const answer = await redeem(issuer, { redirect: url.searchParams, verifier: request.verifier });
    return { ...request, redirect: url.searchParams, ...answer };
  }

  /** @param {string} token */
  const verify = (token) => jwtVerify(token, keys(), { issuer, audience: 'kubernetes', algorithms: ['RS256'] });

  it('is right in everything when honest', async () => {
    const login = await logIn();
    assert.equal(login.redirect.get('state'), login.parameters.state);
    assert.equal(login.redirect.has('iss'), false);
    const { payload } = await verify(login.body.id_token);
    const { iat, exp, at_hash: atHash, nonce, ...claims } = payload;
    assert.equal(nonce, login.parameters.nonce);
    assert.equal(Number(exp) - Number(iat), 3600);
    assert.equal(
      atHash,
      createHash('sha256').update(login.body.access_token).digest().subarray(0, 16).toString('base64url'),
    );
    assert.deepEqual(claims, {
      iss: issuer,
      aud: 'kubernetes',
      sub: 'auth0|felix',
      email: 'felix@example.com',
      email_verified: true,
      nickname: 'felix',
      org_id: 'org_dev',
    });
    const discovery = await fetchJson('.well-known/openid-configuration');
    assert.equal(discovery.issuer, issuer);
    assert.equal('authorization_response_iss_parameter_supported' in discovery, false);
  });

  it('lies about one claim at a time, under a good signature', async () => {
    const honest = decodeJwt((await logIn()).body.id_token);
    /** @type {Record<string, Record<string, (value: unknown, now: number) => boolean>>} */
    const expected = {
      iss: { iss: (iss) => iss === 'https://attacker.example/' },
      iss_without_slash: { iss: (iss) => `${iss}/` === issuer },
      aud: { aud: (aud) => aud === 'another-client' },
      aud_several_without_azp: { aud: (aud) => String(aud) === 'kubernetes,another-client' },
      azp: { azp: (azp) => azp === 'another-client' },
      nonce_wrong: { nonce: (nonce) => String(nonce).length === 43 },
      nonce_missing: { nonce: (nonce) => nonce === undefined },
      exp: { exp: (exp, now) => Number(exp) < now - 3000, iat: (iat, now) => Number(iat) < now - 6000 },
      exp_missing: { exp: (exp) => exp === undefined },
      iat_future: { iat: (iat, now) => Number(iat) > now + 80_000, exp: (exp, now) => Number(exp) > now + 80_000 },
      iat_missing: { iat: (iat) => iat === undefined },
      at_hash: { at_hash: (hash) => String(hash).length === 22 },
      sub_missing: { sub: (sub) => sub === undefined },
      sub_other: { sub: (sub) => sub === 'auth0|mara' },
      org_id_other: { org_id: (org) => org === 'org_other' },
      org_id_missing: { org_id: (org) => org === undefined },
      email_unverified: { email_verified: (verified) => verified === false },
      email_other_domain: { email: (email) => email === 'felix@attacker.example' },
      email_other_user: { email: (email) => email === 'mara@example.com' },
    };
    for (const [lie, changes] of Object.entries(expected)) {
      await tell(lie);
      const { body, parameters } = await logIn();
      // The signature is good; the claims, times included, are judged below.
      await jwtVerify(body.id_token, keys(), { currentDate: new Date(0) });
      const claims = decodeJwt(body.id_token);
      const now = Date.now() / 1000;
      const truth = {
        ...honest,
        nonce: parameters.nonce,
        at_hash: createHash('sha256').update(body.access_token).digest().subarray(0, 16).toString('base64url'),
      };
      for (const name of new Set([...Object.keys(truth), ...Object.keys(claims), ...Object.keys(changes)])) {
        const check = changes[name];
        if (check) {
          assert.ok(check(claims[name], now), `${lie}: ${name} is ${claims[name]}`);
          assert.notDeepEqual(claims[name], Object(truth)[name], `${lie}: ${name}`);
        } else if (name === 'iat' || name === 'exp') {
          assert.ok(Math.abs(Number(claims[name]) - Number(honest[name])) < 60, `${lie}: ${name}`);
        } else {
          assert.deepEqual(claims[name], Object(truth)[name], `${lie}: ${name}`);
        }
      }
    }
  });

  it('signs in ways that no client may accept', async () => {
    await tell('alg_none');
    const unsigned = (await logIn()).body.id_token;
    assert.equal(decodeProtectedHeader(unsigned).alg, 'none');
    assert.equal(unsigned.split('.')[2], '');

    await tell('hs256_with_public_key');
    const symmetric = (await logIn()).body.id_token;
    const { keys: published } = await fetchJson('.well-known/jwks.json');
    const pem = createPublicKey({ key: published[0], format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();
    // The signature is right for a verifier that takes the published key for an HMAC secret, the last newline aside.
    const { protectedHeader } = await jwtVerify(symmetric, new TextEncoder().encode(pem.trim()));
    assert.equal(protectedHeader.alg, 'HS256');

    await tell('foreign_key_known_kid');
    const foreign = (await logIn()).body.id_token;
    assert.equal(decodeProtectedHeader(foreign).kid, published[0].kid);
    await assert.rejects(verify(foreign), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });

    await tell('crit');
    const critical = (await logIn()).body.id_token;
    assert.deepEqual(decodeProtectedHeader(critical).crit, ['urn:example:not-understood']);
    await assert.rejects(verify(critical), { code: 'ERR_JOSE_NOT_SUPPORTED' });
    await jwtVerify(critical, keys(), { crit: { 'urn:example:not-understood': true } });
  });

  it('points to the key of an attacker, and notices when it is fetched', async () => {
    await tell('jku');
    const token = (await logIn()).body.id_token;
    const { jku = '', jwk } = decodeProtectedHeader(token);
    await assert.rejects(verify(token), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
    assert.ok(jwk);
    await jwtVerify(token, createLocalJWKSet({ keys: [Object(jwk)] }));
    const followed = Number(await count('followed'));
    await jwtVerify(token, createLocalJWKSet(Object(await (await fetch(jku)).json())));
    assert.equal(await count('followed'), followed + 1);
  });

  for (const [lie, path, status] of /** @type {[string, string, number][]} */ ([
    ['token_endpoint_redirects', 'oauth/token', 307],
    ['token_endpoint_redirects_302', 'oauth/token', 302],
    ['jwks_redirects', '.well-known/jwks.json', 302],
    ['discovery_redirects', '.well-known/openid-configuration', 302],
  ])) {
    it(`redirects and counts the clients that follow: ${lie}`, async () => {
      await tell(lie);
      const followed = Number(await count('followed'));
      const method = path === 'oauth/token' ? 'POST' : 'GET';
      const response = await fetch(at(path), { method, redirect: 'manual' });
      assert.equal(response.status, status);
      assert.equal(await count('followed'), followed);
      const end = await fetch(at(path), { method });
      assert.equal(end.status, 200);
      assert.equal(await count('followed'), followed + 1);
    });
  }

  for (const [lie, path] of /** @type {[string, string][]} */ ([
    ['endless_body', 'oauth/token'],
    ['endless_jwks', '.well-known/jwks.json'],
  ])) {
    it(`sends a body without end, up to 64 MiB: ${lie}`, async () => {
      await tell(lie);
      const sentBefore = Number(await count('sent'));
      const method = lie === 'endless_body' ? 'POST' : 'GET';
      const body = await (await fetch(at(path), { method })).arrayBuffer();
      assert.equal(body.byteLength, 64 * 1024 * 1024 + '{"access_token":"'.length);
      assert.equal(await count('sent'), sentBefore + 64 * 1024 * 1024);
      // A client that hangs up early is sent far less.
      const response = await fetch(at(path), { method });
      await response.body?.cancel();
      assert.ok(Number(await count('sent')) < sentBefore + 100 * 1024 * 1024);
    });
  }

  it('answers with something else than tokens', async () => {
    await tell('garbage_token_answer');
    const response = await fetch(at('oauth/token'), { method: 'POST' });
    const text = await response.text();
    assert.equal(response.headers.get('content-type'), 'application/json');
    assert.throws(() => JSON.parse(text), SyntaxError);
    await tell('no_id_token');
    const withoutIdToken = (await logIn()).body;
    assert.deepEqual([typeof withoutIdToken.id_token, typeof withoutIdToken.access_token], ['undefined', 'string']);
    await tell('access_token_missing');
    const withoutAccessToken = (await logIn()).body;
    assert.deepEqual([typeof withoutAccessToken.id_token, typeof withoutAccessToken.access_token], ['string', 'undefined']);
  });

  it('calls itself another issuer, in discovery and in the redirect', async () => {
    await tell('discovery_other_issuer');
    assert.equal((await fetchJson('.well-known/openid-configuration')).issuer, 'https://attacker.example/');
    for (const [lie, iss] of /** @type {[string, string | null][]} */ ([
      ['callback_iss_wrong', 'https://attacker.example/'], ['callback_iss_missing', null],
    ])) {
      await tell(lie);
      assert.equal(
        (await fetchJson('.well-known/openid-configuration')).authorization_response_iss_parameter_supported,
        true,
      );
      assert.equal((await logIn()).redirect.get('iss'), iss);
    }
  });

  it('lies after a refresh as well, and refuses a code the second time', async () => {
    const { body, redirect, verifier } = await logIn();
    assert.equal((await redeem(issuer, { redirect, verifier })).status, 400);
    await tell('sub_other');
    const refreshed = await refresh(issuer, body.refresh_token);
    const { sub, nonce } = decodeJwt(refreshed.body.id_token);
    assert.deepEqual([sub, nonce], ['auth0|mara', undefined]);
  });

  it('counts revocations and writes secrets to the ledger', async () => {
    const { body, verifier } = await logIn();
    await fetch(at('oauth/revoke'), { method: 'POST', body: new URLSearchParams({ token: body.refresh_token }) });
    assert.equal(await count('revoked'), 1);
    const ledger = await readFile(join(directory, 'ledger'), 'utf8');
    assert.ok(ledger.includes(JSON.stringify({ kind: 'verifier', value: verifier })));
    assert.ok(ledger.includes(JSON.stringify({ kind: 'id_token', value: body.id_token })));
  });

  it('gives ID tokens the life that it is told, and tells whether its last refresh token was revoked', async () => {
    assert.equal((await control(issuer, 'POST id-token-lifetime', { seconds: 7 })).status, 200);
    const { body } = await logIn();
    const { iat, exp } = decodeJwt(body.id_token);
    assert.equal(Number(exp) - Number(iat), 7);
    assert.equal((await control(issuer, 'POST id-token-lifetime', { seconds: 0 })).status, 400);
    await control(issuer, 'POST id-token-lifetime', { seconds: 3600 });
    const revoke = (/** @type {string} */ token) => fetch(at('oauth/revoke'), { method: 'POST', body: new URLSearchParams({ token }) });
    await revoke('another');
    assert.equal(await count('newest'), false);
    await revoke(body.refresh_token);
    assert.equal(await count('newest'), true);
  });

  it('knows its lies by name', async () => {
    assert.equal((await control(issuer, 'POST lie', { lie: 'no such lie' })).status, 400);
    for (const lie of idp.announcement.lies) {
      await tell(lie);
    }
  });

  it('dates what it says by its clock, which can be set', async () => {
    assert.equal((await control(issuer, 'POST clock', { offsetSeconds: 'soon' })).status, 400);
    await control(issuer, 'POST clock', { offsetSeconds: 86_400 });
    const { iat, exp } = decodeJwt((await logIn()).body.id_token);
    await control(issuer, 'POST clock', { offsetSeconds: 0 });
    assert.ok(Math.abs(Number(iat) - Date.now() / 1000 - 86_400) < 60);
    assert.equal(Number(exp) - Number(iat), 3600);
  });

  it('answers refreshes as it is told, until it is told otherwise, and says when each came', async () => {
    const { body } = await logIn();
    const before = Object(await control(issuer, 'GET refreshes')).body.at.length;
    await control(issuer, 'POST refresh-answer', { status: 429, headers: { 'retry-after': '60' }, body: 'later' });
    const ask = () => fetch(at('oauth/token'), {
      method: 'POST', body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: body.refresh_token }),
    });
    for (let time = 0; time < 2; time += 1) {
      const answer = await ask();
      assert.deepEqual([answer.status, answer.headers.get('retry-after'), await answer.text()], [429, '60', 'later']);
    }
    await control(issuer, 'POST refresh-answer', {});
    assert.equal((await ask()).status, 200, 'nothing was spent');
    const moments = Object(await control(issuer, 'GET refreshes')).body.at.slice(before);
    assert.equal(moments.length, 3);
    assert.ok(Math.abs(moments[2] - Date.now() / 1000) < 60);
  });

  it('is like a provider that is named, as it starts or later', async () => {
    const files = await readdir(inRepository('dev/idp/profiles'));
    assert.deepEqual(idp.announcement.profiles.map((name) => `${name}.json`), files.sort());
    for (const name of idp.announcement.profiles) {
      const file = Object(JSON.parse(await readFile(inRepository('dev/idp/profiles', `${name}.json`), 'utf8')));
      assert.ok(URL.canParse(file.source) && URL.canParse(file.sourceOfLifetime), name);
      assert.deepEqual((await control(issuer, 'POST profile', { name })).body, file.profile);
    }
    await control(issuer, 'POST profile', { idTokenSeconds: 3600 });
    const started = await startProcess('hostile.mjs', ['--profile', 'gitlab']);
    const discovery = Object(await (await fetch(new URL('.well-known/openid-configuration', started.announcement.issuer))).json());
    await started.stop();
    assert.ok(discovery.scopes_supported.includes('read_api'));
  });

  it('knows its profiles by name, and says which', async () => {
    const unknown = await control(issuer, 'POST profile', { name: 'keyclock' });
    const sentence = 'There is no profile named "keyclock"; use one of auth0, authentik, cognito, dex,';
    assert.equal(unknown.status, 400);
    assert.ok(String(Object(unknown.body).error).startsWith(sentence));
    const script = inRepository('dev/idp/hostile.mjs');
    const refused = await promisify(execFile)(process.execPath, [script, '--profile', 'keyclock']).catch((error) => error);
    assert.equal(refused.code, 1);
    assert.ok(refused.stderr.startsWith(`hostile-idp: ${sentence}`), refused.stderr);
  });
});
