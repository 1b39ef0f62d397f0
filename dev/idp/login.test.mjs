import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';

import { authorizationRequest, CookieJarClient, logIn, redeem, requestTokens } from './scripted-login.mjs';
import { startProcess } from './started-process.mjs';

describe('a login at the development identity provider', () => {
  /** @type {import('./started-process.mjs').StartedProcess} */
  let idp;
  let issuer = '';
  before(async () => {
    idp = await startProcess('idp.mjs', [
      '--extra-client-id', 'backstage', '--extra-client-secret', 's3cret', '--extra-redirect', 'http://localhost:8000/extra',
    ]);
    issuer = idp.announcement.issuer;
  });
  after(() => idp.stop());

  it('ends with tokens that carry the claims of the real tenant', async () => {
    const login = await logIn(issuer, { changes: { organization: 'org_dev' } });
    assert.equal(login.answered.url.origin + login.answered.url.pathname, 'http://localhost:8000/');
    assert.equal(login.redirect.get('state'), login.parameters.state);
    assert.equal(login.redirect.get('iss'), issuer);
    const { status, body } = await redeem(issuer, login);
    assert.equal(status, 200);
    assert.ok(body.refresh_token);
    const keys = createRemoteJWKSet(new URL('.well-known/jwks.json', issuer));
    const options = { issuer, audience: 'kubernetes', algorithms: ['RS256'] };
    const { payload } = await jwtVerify(body.id_token, keys, options);
    const { iss, aud, iat, exp, nonce, sid, ...claims } = payload;
    assert.equal(nonce, login.parameters.nonce);
    assert.equal(Number(exp) - Number(iat), 259_200);
    assert.deepEqual(claims, {
      sub: 'auth0|felix',
      email: 'felix@example.com',
      email_verified: true,
      name: 'Felix Example',
      nickname: 'felix',
      group: 'team-a',
      org_id: 'org_dev',
    });
  });

  it('carries no organization when none was asked for', async () => {
    const { body } = await redeem(issuer, await logIn(issuer));
    assert.equal('org_id' in decodeJwt(body.id_token), false);
  });

  it('keeps the organization over a refresh', async () => {
    const { body } = await redeem(issuer, await logIn(issuer, { changes: { organization: 'org_dev' } }));
    const answer = await requestTokens(issuer, { grant_type: 'refresh_token', refresh_token: body.refresh_token });
    assert.equal(decodeJwt(answer.body.id_token).org_id, 'org_dev');
  });

  it('refuses an organization it does not have', async () => {
    const { url, parameters } = authorizationRequest(issuer, { organization: 'org_other' });
    const { url: end } = await new CookieJarClient().navigate(url);
    assert.equal(end.searchParams.get('error'), 'invalid_request');
    assert.equal(end.searchParams.get('state'), parameters.state);
  });

  it('tells an unproved email address from a proved one', async () => {
    const { body } = await redeem(issuer, await logIn(issuer, { login: 'unverified' }));
    const { email, email_verified: verified, sub } = decodeJwt(body.id_token);
    assert.deepEqual({ email, verified, sub }, { email: 'felix@example.com', verified: false, sub: 'auth0|unverified' });
  });

  it('goes back with access_denied and the state when the user refuses', async () => {
    const { redirect, parameters } = await logIn(issuer, { action: 'deny', login: '', password: '' });
    assert.equal(redirect.get('error'), 'access_denied');
    assert.equal(redirect.get('state'), parameters.state);
    assert.equal(redirect.get('code'), null);
  });

  it('asks again after a wrong password and does not go on', async () => {
    const { answered } = await logIn(issuer, { password: 'wrong' });
    assert.equal(answered.response.status, 401);
    assert.match(await answered.response.text(), /The password here is dev/);
  });

  it('escapes what was typed', async () => {
    const { answered } = await logIn(issuer, { login: '"><b>x' });
    assert.match(await answered.response.text(), /value="&quot;&gt;&lt;b&gt;x"/);
  });

  it('lets another user log in from the same browser', async () => {
    const client = new CookieJarClient();
    await logIn(issuer, { client });
    const second = await logIn(issuer, { client, login: 'mara' });
    const { body } = await redeem(issuer, second);
    assert.equal(decodeJwt(body.id_token).sub, 'auth0|mara');
  });

  it('asks no user who is logged in already, unless told to', async () => {
    const client = new CookieJarClient();
    await logIn(issuer, { client, changes: { organization: 'org_dev' } });
    const request = authorizationRequest(issuer, { prompt: '' });
    const { url } = await client.navigate(request.url);
    const { body } = await redeem(issuer, { redirect: url.searchParams, verifier: request.verifier });
    assert.equal(decodeJwt(body.id_token).sub, 'auth0|felix');
    assert.equal('org_id' in decodeJwt(body.id_token), false);
  });

  it('says so when the login was begun in another browser', async () => {
    const { page } = await logIn(issuer);
    const { response } = await new CookieJarClient().navigate(page.url);
    assert.equal(response.status, 400);
    assert.match(await response.text(), /begun in another browser/);
  });

  for (const [what, changes] of /** @type {[string, Record<string, string>][]} */ ([
    ['another redirect URI', { redirect_uri: 'http://localhost:8000' }],
    ['another port in the redirect URI', { redirect_uri: 'http://localhost:8001/' }],
    ['an unknown client', { client_id: 'nobody' }],
  ])) {
    it(`shows an error, without a redirect, for ${what}`, async () => {
      const { response } = await new CookieJarClient().navigate(authorizationRequest(issuer, changes).url);
      assert.equal(response.status, 400);
    });
  }

  it('refuses a request without PKCE', async () => {
    const { url } = authorizationRequest(issuer);
    url.searchParams.delete('code_challenge');
    url.searchParams.delete('code_challenge_method');
    const { url: end } = await new CookieJarClient().navigate(url);
    assert.equal(end.searchParams.get('error'), 'invalid_request');
  });

  it('refuses another verifier', async () => {
    const login = await logIn(issuer);
    const { status, body } = await redeem(issuer, { ...login, verifier: 'x'.repeat(43) });
    assert.deepEqual([status, body.error], [400, 'invalid_grant']);
  });

  it('serves a confidential client, without PKCE', async () => {
    const client = new CookieJarClient();
    const { url } = authorizationRequest(issuer, { client_id: 'backstage', redirect_uri: 'http://localhost:8000/extra' });
    url.searchParams.delete('code_challenge');
    url.searchParams.delete('code_challenge_method');
    const page = await client.navigate(url);
    const form = new URLSearchParams({ login: 'felix', password: 'dev', action: 'login' });
    const { url: end } = await client.navigate(page.url, form);
    const { status, body } = await requestTokens(issuer, {
      grant_type: 'authorization_code',
      client_id: 'backstage',
      code: end.searchParams.get('code') ?? '',
      redirect_uri: 'http://localhost:8000/extra',
    }, { authorization: `Basic ${Buffer.from('backstage:s3cret').toString('base64')}` });
    assert.equal(status, 200);
    assert.equal(decodeJwt(body.id_token).aud, 'backstage');
  });
});
