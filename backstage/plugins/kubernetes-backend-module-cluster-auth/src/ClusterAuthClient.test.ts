import { EventEmitter, once } from 'node:events';
import { mockCredentials, mockServices } from '@backstage/backend-test-utils';
import { ClusterAuthClient } from './ClusterAuthClient';
import { NoToken } from './NoToken';
import { HeldClock } from './__testUtils__/HeldClock';
import { backendStandIn, stopStandIns } from './__testUtils__/standIns';

afterEach(stopStandIns);

const auth = mockServices.auth();
const felix = mockCredentials.user('user:default/felix');

/** Signs `signed-1`, `signed-2` and so on, after so many failures. */
function countingAuth({ failures = 0 } = {}) {
  const counted = { calls: 0 };
  const getPluginRequestToken = async () => {
    counted.calls += 1;
    if (counted.calls <= failures) {
      throw new Error('there is no key yet');
    }
    return { token: `signed-${counted.calls}` };
  };
  return Object.assign(counted, {
    auth: mockServices.auth.mock({ getPluginRequestToken }),
  });
}

describe('the client of the cluster-auth backend', () => {
  it('asks where discovery says when no address is configured', async () => {
    const asked: (string | undefined)[] = [];
    const url = await backendStandIn((request, response) => {
      asked.push(request.url);
      response.end('{"token":"of-felix"}');
    });
    const discovery = mockServices.discovery.mock({
      getBaseUrl: async plugin => `${url}/api/${plugin}`,
    });
    const client = ClusterAuthClient.fromConfig(
      mockServices.rootConfig({ data: {} }),
      { auth, discovery },
    );
    expect(await client.token('a&b', felix)).toBe('of-felix');
    expect(asked).toEqual(['/api/cluster-auth/token?cluster=a%26b']);
  });

  it.each([
    ['that never answers', () => {}],
    [
      'whose answer never ends',
      (response: { write(chunk: string): void }) => response.write('{"tok'),
    ],
  ])('waits three seconds for a backend %s', async (_, begin) => {
    const events = new EventEmitter();
    const url = await backendStandIn((_request, response) => {
      begin(response);
      response.once('close', () => events.emit('given up'));
      events.emit('asked');
    });
    const clock = new HeldClock();
    const client = new ClusterAuthClient({
      auth,
      baseUrl: async () => url,
      clock,
    });
    const [asked, givenUp] = [once(events, 'asked'), once(events, 'given up')];
    const outcome = client.token('prod', felix).then(
      () => 'a token',
      error => error.message,
    );
    await asked;
    clock.pass(2_999);
    expect(clock.pending).toBe(1);
    clock.pass(1);
    expect(await outcome).toMatch(/does not answer: try again in a minute/);
    // The connection does not stay behind.
    await givenUp;
  });

  it('waits three seconds for Backstage itself', async () => {
    const clock = new HeldClock();
    const client = new ClusterAuthClient({
      auth,
      baseUrl: () => new Promise(() => {}),
      clock,
    });
    const outcome = client.token('prod', felix);
    clock.pass(3_000);
    await expect(outcome).rejects.toThrow(NoToken);
  });

  it('leaves no timer behind', async () => {
    const clock = new HeldClock();
    const client = new ClusterAuthClient({
      auth,
      baseUrl: async () => backendStandIn(),
      clock,
    });
    await client.token('prod', felix);
    expect(clock.pending).toBe(0);
  });

  it('signs one token for all clusters of a request, and another for the next request', async () => {
    const asked: (string | undefined)[] = [];
    const url = await backendStandIn((request, response) => {
      asked.push(request.headers.authorization);
      response.end('{"token":"of-felix"}');
    });
    const signing = countingAuth();
    const client = new ClusterAuthClient({
      auth: signing.auth,
      baseUrl: async () => url,
    });
    await Promise.all(['dev', 'prod'].map(name => client.token(name, felix)));
    expect(asked).toEqual(['Bearer signed-1', 'Bearer signed-1']);
    await client.token('dev', mockCredentials.user('user:default/felix'));
    expect(asked[2]).toBe('Bearer signed-2');
  });

  it('signs again where it could not', async () => {
    const url = await backendStandIn((_request, response) => {
      response.end('{"token":"of-felix"}');
    });
    const signing = countingAuth({ failures: 1 });
    const client = new ClusterAuthClient({
      auth: signing.auth,
      baseUrl: async () => url,
    });
    await expect(client.token('dev', felix)).rejects.toThrow(NoToken);
    await client.token('dev', felix);
    expect(signing.calls).toBe(2);
  });

  it('follows no redirect with the token that it asks with', async () => {
    const url = await backendStandIn((request, response) => {
      if (request.url?.startsWith('/token')) {
        response.writeHead(302, { location: '/elsewhere' });
      }
      response.end('{"token":"of-elsewhere"}');
    });
    const client = new ClusterAuthClient({ auth, baseUrl: async () => url });
    await expect(client.token('prod', felix)).rejects.toThrow(NoToken);
  });
});
