import { mockCredentials, mockServices } from '@backstage/backend-test-utils';
import { ClusterAuthClient, NoToken } from './ClusterAuthClient';
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

  it('does not wait for ever', async () => {
    const url = await backendStandIn(() => {});
    const client = new ClusterAuthClient({
      auth,
      baseUrl: async () => url,
      patienceMs: 20,
    });
    await expect(client.token('prod', felix)).rejects.toThrow(
      /does not answer: try again in a minute/,
    );
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
