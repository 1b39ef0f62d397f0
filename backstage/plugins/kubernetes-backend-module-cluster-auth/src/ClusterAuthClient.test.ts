import { EventEmitter, once } from 'node:events';
import { mockCredentials, mockServices } from '@backstage/backend-test-utils';
import { ClusterAuthClient } from './ClusterAuthClient';
import { NoToken } from './NoToken';
import { HeldClock } from './__testUtils__/HeldClock';
import { backendStandIn, stopStandIns } from './__testUtils__/standIns';

afterEach(stopStandIns);

const auth = mockServices.auth();
const felix = mockCredentials.user('user:default/felix');

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
