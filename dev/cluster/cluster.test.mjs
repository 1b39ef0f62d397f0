import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { StartedCluster } from './started-cluster.mjs';
import { TokenIssuer } from './token-issuer.mjs';

/** @type {TokenIssuer} */
let issuer;
/** @type {StartedCluster} */
let cluster;

before(async () => {
  issuer = await TokenIssuer.start();
  cluster = await StartedCluster.start(issuer.issuer);
});

after(async () => {
  issuer.stop();
  assert.equal(await cluster.stop(), 0);
});

const MARA = { email: 'mara@example.com', sub: 'auth0|mara', group: 'team-b' };
const PODS = '/api/v1/namespaces/team-a/pods';

/** @param {import('./started-cluster.mjs').Answer} answer */
function names({ body }) {
  return Object(JSON.parse(body)).items.map((/** @type {{metadata: {name: string}}} */ { metadata }) => metadata.name);
}

describe('authentication', () => {
  const expired = { iat: 1_700_000_000, exp: 1_700_000_300 };
  for (const [what, claims] of /** @type {[string, import('jose').JWTPayload][]} */ ([
    ['an expired token', expired],
    ['a token without exp', { exp: undefined }],
    ['a token for another client', { aud: 'backstage' }],
    ['a token of another issuer', { iss: 'http://localhost:1/' }],
    ['a token whose e-mail address is not verified', { email_verified: false }],
    ['a token without an e-mail address', { email: undefined }],
  ])) {
    it(`answers 401 to ${what}`, async () => {
      const { status, body } = await cluster.call(PODS, { token: await issuer.token(claims) });
      assert.equal(status, 401);
      assert.deepEqual(JSON.parse(body), {
        kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'Unauthorized', reason: 'Unauthorized', code: 401,
      });
    });
  }

  it('answers 401 to a token signed by another issuer', async () => {
    const other = await TokenIssuer.start();
    const token = await other.token({ iss: issuer.issuer });
    other.stop();
    assert.equal((await cluster.call(PODS, { token })).status, 401);
  });

  it('knows users by another claim, with a token of 50 KB', async () => {
    const other = await StartedCluster.start(issuer.issuer, 'kubernetes', ['--username-claim', 'sub']);
    const token = await issuer.token({ sub: 'felix@example.com', email: undefined, group: undefined, name: 'y'.repeat(40_000) });
    assert.equal((await other.call(PODS, { token })).status, 200);
    assert.equal(await other.stop(), 0);
  });

  it('answers 401 without a token', async () => {
    assert.equal((await cluster.call(PODS)).status, 401);
  });

  it('knows a new signing key at once', async () => {
    assert.equal((await cluster.call(PODS, { token: await issuer.token() })).status, 200);
    await issuer.rotate();
    assert.equal((await cluster.call(PODS, { token: await issuer.token() })).status, 200);
  });

  it('knows the user by e-mail address and group', async () => {
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const { body } = await cluster.call(path, { method: 'POST', token: await issuer.token() });
    assert.deepEqual(Object(JSON.parse(body)).status.userInfo, {
      username: 'felix@example.com', groups: ['team-a', 'system:authenticated'],
    });
  });
});

describe('authorization', () => {
  it('lists the StatefulSet that the pods belong to', async () => {
    const path = '/apis/apps/v1/namespaces/team-a/statefulsets?labelSelector=backstage.io/kubernetes-id%3Dweb';
    const { items: [set, ...others] } = Object(JSON.parse((await cluster.call(path, { token: await issuer.token() })).body));
    const { items: pods } = Object(JSON.parse((await cluster.call(PODS, { token: await issuer.token() })).body));
    assert.deepEqual([set.metadata.name, set.status.readyReplicas, others], ['web', 2, []]);
    for (const pod of pods) {
      assert.equal(pod.metadata.ownerReferences[0].uid, set.metadata.uid);
    }
    assert.equal((await cluster.call(path, { token: await issuer.token(MARA) })).status, 403);
  });

  it('lists the pods of the own namespace', async () => {
    const felix = await cluster.call(PODS, { token: await issuer.token() });
    assert.deepEqual(names(felix), ['web-0', 'web-1']);
    const mara = await cluster.call('/api/v1/namespaces/team-b/pods?labelSelector=app%3Dapi&fieldSelector=metadata.name%3Dapi-1', {
      token: await issuer.token(MARA),
    });
    assert.deepEqual(names(mara), ['api-1']);
  });

  for (const [path, message] of /** @type {[string, string][]} */ ([
    [
      PODS,
      'pods is forbidden: User "mara@example.com" cannot list resource "pods" in API group "" in the namespace "team-a"',
    ],
    [
      '/api/v1/namespaces/team%2da/pods/web-0/log',
      'pods "web-0" is forbidden: User "mara@example.com" cannot get resource "pods/log" in API group "" in the namespace "team-a"',
    ],
    [
      '/api/v1/pods',
      'pods is forbidden: User "mara@example.com" cannot list resource "pods" in API group "" at the cluster scope',
    ],
    [
      '/apis/apps/v1/namespaces/team-b/deployments?watch=true',
      'deployments.apps is forbidden: User "mara@example.com" cannot watch resource "deployments" in API group "apps" in the namespace "team-b"',
    ],
    ['/metrics', 'forbidden: User "mara@example.com" cannot get path "/metrics"'],
  ])) {
    it(`answers 403 to ${path}`, async () => {
      const { status, body } = await cluster.call(path, { token: await issuer.token(MARA) });
      assert.equal(status, 403);
      assert.equal(Object(JSON.parse(body)).message, message);
    });
  }

  it('grants by the group or by the user', async () => {
    const byGroup = await cluster.call(PODS, { token: await issuer.token({ email: 'other@example.com' }) });
    const byUser = await cluster.call(PODS, { token: await issuer.token({ group: undefined }) });
    const byNeither = await cluster.call(PODS, { token: await issuer.token({ email: 'other@example.com', group: 'team-b' }) });
    assert.deepEqual([byGroup.status, byUser.status, byNeither.status], [200, 200, 403]);
  });

  it('refuses all writes', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      assert.equal((await cluster.call(`${PODS}/web-0`, { method, token: await issuer.token() })).status, 403, method);
    }
  });

  it('answers an access review', async () => {
    const review = async (/** @type {string} */ namespace) => {
      const { status, body } = await cluster.call('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
        method: 'POST',
        token: await issuer.token(),
        body: JSON.stringify({ spec: { resourceAttributes: { namespace, verb: 'list', resource: 'pods' } } }),
      });
      assert.equal(status, 201);
      return Object(JSON.parse(body)).status.allowed;
    };
    assert.deepEqual([await review('team-a'), await review('team-b')], [true, false]);
  });
});

describe('what it serves', () => {
  it('answers 415 to protobuf', async () => {
    const { status } = await cluster.call('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      method: 'POST', token: await issuer.token(), headers: { 'content-type': 'application/vnd.kubernetes.protobuf' }, body: 'k8s\0',
    });
    assert.equal(status, 415);
  });

  it('has a large ConfigMap', async () => {
    const { body } = await cluster.call('/api/v1/namespaces/team-a/configmaps/large', { token: await issuer.token() });
    assert.equal(Object(JSON.parse(body)).data.bytes.length, 1024 * 1024);
  });

  it('words a missing pod as Kubernetes does', async () => {
    const { status, body } = await cluster.call(`${PODS}/gone`, { token: await issuer.token() });
    assert.equal(status, 404);
    assert.equal(Object(JSON.parse(body)).message, 'pods "gone" not found');
  });

  for (const path of ['/api/v1/namespaces/%zz/pods', `${PODS}?labelSelector=a+in+(b)`]) {
    it(`answers 400 to ${path} and goes on`, async () => {
      assert.equal((await cluster.call(path, { token: await issuer.token() })).status, 400);
      assert.equal((await cluster.call('/version', { token: await issuer.token() })).status, 200);
    });
  }

  it('echoes the request as it arrived', async () => {
    const { body } = await cluster.call('/echo/a%2Fb/../%2e%2e/c?d=e%20f&d', {
      method: 'PUT', token: await issuer.token(), headers: { 'X-Custom': 'Value' }, body: 'four',
    });
    const { method, rawUrl, rawHeaders, bodyBytes } = JSON.parse(body);
    assert.deepEqual([method, rawUrl, bodyBytes], ['PUT', '/echo/a%2Fb/../%2e%2e/c?d=e%20f&d', 4]);
    assert.equal(rawHeaders[rawHeaders.indexOf('X-Custom') + 1], 'Value');
  });

  it('sends headers that a proxy must not hand on, and a redirect', async () => {
    const token = await issuer.token();
    const { headers } = await cluster.call('/echo/answer-headers', { token });
    assert.equal(headers['set-cookie']?.length, 2);
    assert.equal(headers['clear-site-data'], '"*"');
    const redirect = await cluster.call('/echo/redirect', { token });
    assert.deepEqual([redirect.status, redirect.headers.location], [302, '/echo/followed']);
  });
});
