import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, importPKCS8, jwtVerify, SignJWT } from 'jose';

import { startBackstage } from './started-backstage.mjs';

const run = promisify(execFile);

/** Stands in for the backend: answers with the request that it received. */
const called = createServer((request, response) => {
  const { method, url, headers } = request;
  response.writeHead(418).end(JSON.stringify({ method, url, authorization: headers.authorization }));
});

/** @type {Awaited<ReturnType<typeof startBackstage>>} */
let backstage;
/** @type {{userToken: string, cookie: string, provider: string}} */
let felix;

before(async () => {
  await new Promise((resolve) => called.listen(0, '127.0.0.1', () => resolve(undefined)));
  backstage = await startBackstage(`http://127.0.0.1:${Object(called.address()).port}`);
  felix = await signIn('felix');
});

after(async () => {
  called.close();
  called.closeAllConnections();
  assert.deepEqual(await backstage.stop(), [0, 0]);
});

/**
 * @param {string} login
 * @param {string[]} options
 */
async function signIn(login, ...options) {
  const script = fileURLToPath(new URL('sign_in.mjs', import.meta.url));
  const { stdout } = await run(process.execPath, [script, '--backstage', backstage.url, '--login', login, ...options]);
  return JSON.parse(stdout);
}

/**
 * @param {string} path
 * @param {{token?: string, body?: object, headers?: Record<string, string>}} [options] a POST with a body, else a GET
 */
async function call(path, { token, body, headers = {} } = {}) {
  const response = await fetch(`${backstage.url}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }), 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: Object(await response.json()) };
}

const FELIX = '/api/catalog/entities/by-name/user/default/felix';

it('prints one line on standard output', () => {
  const { port } = new URL(backstage.url);
  assert.deepEqual(backstage.announcement, { role: 'backstage', url: backstage.url, port: Number(port) });
  assert.equal(backstage.stdout.length, 1);
});

describe('signing in', () => {
  it('gives a user token that the key set vouches for', async () => {
    const keys = createRemoteJWKSet(new URL('/api/auth/.well-known/jwks.json', backstage.url));
    const { payload } = await jwtVerify(felix.userToken, keys, {
      typ: 'vnd.backstage.user', audience: 'backstage', issuer: `${backstage.url}/api/auth`, algorithms: ['ES256'],
    });
    assert.equal(payload.sub, 'user:default/felix');
    assert.equal(decodeJwt((await signIn('mara')).userToken).sub, 'user:default/mara');
  });

  it('lets the user read the catalog, and no anonymous caller', async () => {
    const { status, body } = await call(FELIX, { token: felix.userToken });
    assert.deepEqual([status, body.spec.profile.email], [200, 'felix@example.com']);
    assert.equal((await call(FELIX)).status, 401);
  });

  it('gives a cookie that refreshes', async () => {
    const headers = { cookie: (await signIn('felix')).cookie, 'x-requested-with': 'XMLHttpRequest' };
    const answer = await call('/api/auth/oidc/refresh?env=development', { headers });
    assert.equal(answer.status, 200);
    assert.equal(decodeJwt(answer.body.backstageIdentity.token).sub, 'user:default/felix');
    assert.match(answer.headers.getSetCookie().join('\n'), /^oidc-refresh-token=[^;]+;/m);
  });

  it('lets a guest in', async () => {
    const { body } = await call('/api/auth/guest/refresh', { body: {} });
    assert.equal(decodeJwt(body.backstageIdentity.token).sub, 'user:default/guest');
  });

  it('is refused to a wrong password and to an unverified address', async () => {
    await assert.rejects(signIn('felix', '--password', 'wrong'), /no result; check login and password/);
    await assert.rejects(signIn('unverified'), /Backstage did not sign unverified in: /);
  });
});

describe('the key directory', () => {
  /** @param {number} exp */
  async function signed(exp) {
    const key = await importPKCS8(await readFile(join(backstage.keysDirectory, 'private.pem'), 'utf8'), 'ES256');
    return new SignJWT({ iss: `${backstage.url}/api/auth`, sub: 'user:default/felix', aud: 'backstage', iat: exp - 60, exp })
      .setProtectedHeader({ typ: 'vnd.backstage.user', alg: 'ES256', kid: 'development' })
      .sign(key);
  }

  it('holds the key with which a test can sign user tokens, good and expired ones', async () => {
    const now = Math.floor(Date.now() / 1000);
    assert.equal((await call(FELIX, { token: await signed(now + 60) })).status, 200);
    assert.equal((await call(FELIX, { token: await signed(now - 60) })).status, 401);
  });
});

describe('the calling plugins', () => {
  for (const plugin of ['kubernetes', 'stranger']) {
    it(`get a token on behalf of the user: ${plugin}`, async () => {
      const { body } = await call(`/api/${plugin}/obo-token`, { token: felix.userToken, body: {} });
      const keys = createRemoteJWKSet(new URL(`/api/${plugin}/.backstage/auth/v1/jwks.json`, backstage.url));
      const { payload } = await jwtVerify(body.token, keys, { typ: 'vnd.backstage.plugin', audience: 'cluster-auth' });
      assert.equal(payload.sub, plugin);
      const onBehalfOf = String(payload['obo']);
      assert.equal(decodeProtectedHeader(onBehalfOf).typ, 'vnd.backstage.limited-user');
      assert.equal(decodeJwt(onBehalfOf).sub, 'user:default/felix');
    });
  }

  it('get a token for another plugin, or of their own', async () => {
    const { body } = await call('/api/kubernetes/obo-token', {
      token: felix.userToken, body: { target: 'catalog', onBehalfOf: 'plugin' },
    });
    const { aud, obo } = decodeJwt(body.token);
    assert.deepEqual([aud, obo], ['catalog', undefined]);
  });

  it('call with that token and hand back what came', async () => {
    const { body } = await call('/api/kubernetes/call', {
      token: felix.userToken, body: { path: '/api/cluster-auth/token?cluster=a%20b', method: 'DELETE' },
    });
    assert.equal(body.status, 418);
    const { method, url, authorization } = JSON.parse(body.body);
    assert.deepEqual([method, url], ['DELETE', '/api/cluster-auth/token?cluster=a%20b']);
    assert.equal(decodeJwt(authorization.slice('Bearer '.length)).aud, 'cluster-auth');
  });

  it('refuse callers that have not signed in', async () => {
    assert.equal((await call('/api/kubernetes/obo-token', { body: {} })).status, 401);
  });
});
