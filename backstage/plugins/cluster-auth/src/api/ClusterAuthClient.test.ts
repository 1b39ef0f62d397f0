import { ClusterAuthClient } from './ClusterAuthClient';
import { isTemporary, problemOf, retryAfter } from './Problem';
import { answer } from '../__testUtils__/refusal';

const BASE = 'https://backstage.example.com/api/cluster-auth';

/** A client with two fake fetch functions, which record the request and give the same answer. */
function client(response: unknown) {
  const asked: string[] = [];
  const fetchAs = (who: string) => async (url: unknown, init?: RequestInit) => {
    const authorization = new Headers(init?.headers).get('Authorization');
    asked.push(
      [who, init?.method ?? 'GET', url, authorization, init?.body]
        .filter(Boolean)
        .join(' '),
    );
    return response instanceof Response
      ? response
      : new Response(JSON.stringify(response));
  };
  const clusterAuthApi = new ClusterAuthClient({
    discoveryApi: {
      getBaseUrl: async plugin => `${BASE.slice(0, -12)}${plugin}`,
    },
    fetchApi: { fetch: fetchAs('user:') },
    fetch: fetchAs('anonymous:'),
  });
  return { asked, clusterAuthApi };
}

async function thrownBy(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => {
      throw new Error('Nothing was thrown.');
    },
    error => error,
  );
}

describe('ClusterAuthClient', () => {
  it('asks as the user', async () => {
    const { asked, clusterAuthApi } = client({ user: 'user:default/felix' });
    expect(await clusterAuthApi.getStatus()).toEqual({
      user: 'user:default/felix',
    });
    await clusterAuthApi.disconnect('a&b');
    expect(asked).toEqual([
      `user: GET ${BASE}/status`,
      `user: DELETE ${BASE}/tokens?cluster=a%26b`,
    ]);
  });

  it('begins a login, and keeps no authUrl', async () => {
    const session = {
      sessionToken: 'dG9rZW4tb2YtYS1zZXNzaW9uLWluLXRlc3RzLW9ubHk',
      user: 'user:default/felix',
      cluster: 'prod',
      expiresAt: '2026-11-25T12:05:00Z',
    };
    const { asked, clusterAuthApi } = client({
      ...session,
      authUrl: 'https://idp.example/authorize?state=secret',
    });
    expect(await clusterAuthApi.register({ cluster: 'prod' })).toEqual(session);
    expect(asked).toEqual([`user: POST ${BASE}/register {"cluster":"prod"}`]);
  });

  it.each(["'; evil; '", '\u2019;evil;\u2018', 'short', undefined])(
    'takes nothing else for a session token: %s',
    async sessionToken => {
      const { clusterAuthApi } = client({ sessionToken });
      await expect(clusterAuthApi.register({})).rejects.toThrow(
        'no session token',
      );
    },
  );

  it('asks for a session with its token, not with the one of the user, and keeps no authUrl', async () => {
    const { asked, clusterAuthApi } = client({
      status: 'pending',
      authUrl: 'https://idp.example/authorize?state=secret',
    });
    const { signal } = new AbortController();
    const progress = await clusterAuthApi.getSession('token', {
      wait: 25,
      signal,
    });
    expect(progress).not.toHaveProperty('authUrl');
    expect(asked).toEqual([
      `anonymous: GET ${BASE}/session?wait=25 Bearer token`,
    ]);
  });

  it.each([
    [200, 'cancelled'],
    [409, 'exchanging'],
    // Of backends that are older than the call.
    [404, 'cancelled'],
    [405, 'cancelled'],
  ])('cancels a session with its token: %i', async (status, outcome) => {
    const { asked, clusterAuthApi } = client(
      answer(status, 'exchange_in_progress'),
    );
    expect(await clusterAuthApi.cancel('token', {})).toBe(outcome);
    expect(asked).toEqual([`anonymous: DELETE ${BASE}/session Bearer token`]);
  });

  it('throws the code and the sentence of a refusal', async () => {
    const { clusterAuthApi } = client(answer(403, 'access_denied'));
    const error = await thrownBy(clusterAuthApi.getStatus());
    expect(problemOf(error)).toEqual({
      code: 'access_denied',
      message: 'A sentence: access_denied.',
    });
    expect(isTemporary(error)).toBe(false);
  });

  it.each([
    [answer(503, 'store_unavailable', { 'Retry-After': '3' }), 3_000],
    [answer(429, 'rate_limited'), undefined],
    [new Response('<html>', { status: 504 }), undefined],
  ])('tells what may be answered in a moment', async (response, pause) => {
    const { clusterAuthApi } = client(response);
    const error = await thrownBy(clusterAuthApi.getStatus());
    expect(isTemporary(error)).toBe(true);
    expect(retryAfter(error)).toBe(pause);
  });

  it('has sentences of its own where the backend has none', async () => {
    const notThere = client(new Response('<html>', { status: 404 }));
    expect(
      problemOf(await thrownBy(notThere.clusterAuthApi.getStatus())).message,
    ).toContain('route that path');
    const broken = client(new Response('<html>', { status: 502 }));
    expect(
      problemOf(await thrownBy(broken.clusterAuthApi.getStatus())).message,
    ).toContain('try again in a moment');
    expect(problemOf(new TypeError('Failed to fetch')).message).toContain(
      'cannot be reached',
    );
  });
});
