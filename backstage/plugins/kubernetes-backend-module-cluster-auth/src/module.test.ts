import { mockServices } from '@backstage/backend-test-utils';
import { kubernetes } from './__testUtils__/kubernetes';
import {
  backendStandIn,
  clusterStandIn,
  refusing,
  stopStandIns,
} from './__testUtils__/standIns';

afterEach(stopStandIns);

const FELIX = 'user:default/felix';
const MARA = 'user:default/mara';

describe('the auth strategy clusterauth', () => {
  it('asks the cluster as the user, for objects and through the proxy', async () => {
    const [url, backendUrl] = [await clusterStandIn(), await backendStandIn()];
    const { objects, proxied } = await kubernetes(
      { prod: { url, authProvider: 'clusterauth' } },
      { backendUrl },
    );
    expect((await objects(FELIX)).get('prod')).toEqual({
      pods: [`prod-token-of-${FELIX}`],
      errors: [],
    });
    expect(await proxied(MARA, 'prod')).toEqual({
      status: 200,
      body: `log of prod-token-of-${MARA}`,
    });
  });

  it('never asks with the token of another, a thousand requests of two users at once', async () => {
    const [url, backendUrl] = [await clusterStandIn(), await backendStandIn()];
    const { objects, proxied } = await kubernetes(
      { prod: { url, authProvider: 'clusterauth' } },
      { backendUrl },
    );
    let asked = 0;
    const askInTurn = async (number: number) => {
      for (let turn = 0; turn < 100; turn += 1) {
        const user = (number + turn) % 2 ? FELIX : MARA;
        const token = `prod-token-of-${user}`;
        const [found, expected] =
          turn % 10 === 0
            ? [(await proxied(user, 'prod')).body, `log of ${token}`]
            : [(await objects(user)).get('prod')?.pods.join(), token];
        expect(found).toBe(expected);
        asked += 1;
      }
    };
    await Promise.all([...Array(10).keys()].map(askInTurn));
    expect(asked).toBe(1000);
  }, 60_000);

  it('knows a cluster by its name at the cluster-auth backend', async () => {
    const [url, backendUrl] = [await clusterStandIn(), await backendStandIn()];
    const authMetadata = { clusterAuthCluster: 'eu 1' };
    const { objects } = await kubernetes(
      { prod: { url, authProvider: 'clusterauth', authMetadata } },
      { backendUrl },
    );
    expect((await objects(FELIX)).get('prod')?.pods).toEqual([
      `eu 1-token-of-${FELIX}`,
    ]);
  });

  it('leaves clusters of other kinds as they are', async () => {
    const [url, backendUrl] = [
      await clusterStandIn(),
      await refusing(404, 'not_connected', 'Log in.'),
    ];
    const { objects } = await kubernetes(
      {
        prod: { url, authProvider: 'clusterauth' },
        shared: {
          url,
          authProvider: 'serviceAccount',
          serviceAccountToken: 'of-the-account',
        },
        direct: { url, authProvider: 'oidc', oidcTokenProvider: 'okta' },
      },
      { backendUrl },
    );
    const clusters = await objects(FELIX, { oidc: { okta: 'from-okta' } });
    expect(clusters.get('shared')?.pods).toEqual(['of-the-account']);
    expect(clusters.get('direct')?.pods).toEqual(['from-okta']);
    expect(clusters.get('prod')).toEqual({
      pods: [],
      errors: [
        'You are not connected to prod: press "Get K8s access", and your resources appear here.',
      ],
    });
  });

  it.each([
    [404, 'not_connected'],
    [400, 'unknown_cluster'],
  ])(
    'names the cluster, as the backend knows it, and the code to the frontend plugin: %i %s',
    async (status, code) => {
      const url = await clusterStandIn();
      const { explanations } = await kubernetes(
        {
          eu: {
            url,
            authProvider: 'clusterauth',
            authMetadata: { clusterAuthCluster: 'prod' },
          },
        },
        { backendUrl: await refusing(status, code, 'A sentence.') },
      );
      expect(await explanations(FELIX)).toEqual([{ cluster: 'prod', code }]);
    },
  );

  it('explains to what asks without a user what it needs', async () => {
    const [url, backendUrl] = [await clusterStandIn(), await backendStandIn()];
    const { objects, proxied } = await kubernetes(
      { prod: { url, authProvider: 'clusterauth' } },
      { backendUrl },
    );
    const sentence =
      /^prod can only be asked as a signed-in user: .* a service account\.$/;
    expect((await objects('plugin:ingestor')).get('prod')).toEqual({
      pods: [],
      errors: [expect.stringMatching(sentence)],
    });
    const { status, body } = await proxied('plugin:ingestor', 'prod');
    expect(status).toBe(403);
    expect(body.error.message).toMatch(sentence);
  });

  it('refuses through the proxy with the same sentence', async () => {
    const url = await clusterStandIn();
    const backendUrl = await refusing(404, 'not_connected', 'Log in.');
    const { proxied } = await kubernetes(
      { prod: { url, authProvider: 'clusterauth' } },
      { backendUrl },
    );
    const { status, body } = await proxied(FELIX, 'prod');
    expect([status, body.error.message]).toEqual([
      403,
      'You are not connected to prod: press "Get K8s access", and your resources appear here.',
    ]);
  });

  it.each([
    [
      'is away',
      async () => 'http://127.0.0.1:1',
      /cannot be looked up because the cluster-auth backend does not answer: try again/,
    ],
    [
      'has lost its store',
      () => refusing(503, 'store_unavailable', 'The store is away: try again.'),
      /^prod cannot be asked as you. The store is away: try again.$/,
    ],
    [
      'is another program',
      () => backendStandIn((_request, response) => response.end('<html>')),
      /is no cluster-auth backend: tell the admin of this Backstage/,
    ],
  ])(
    'explains that the backend %s, and blanks that cluster only',
    async (_, backend, sentence) => {
      const url = await clusterStandIn();
      const { objects, proxied } = await kubernetes(
        {
          prod: { url, authProvider: 'clusterauth' },
          shared: {
            url,
            authProvider: 'serviceAccount',
            serviceAccountToken: 'of-the-account',
          },
        },
        { backendUrl: await backend() },
      );
      const clusters = await objects(FELIX);
      expect(clusters.get('shared')?.pods).toEqual(['of-the-account']);
      expect(clusters.get('prod')?.pods).toEqual([]);
      expect(clusters.get('prod')?.errors[0]).toMatch(sentence);
      expect((await proxied(FELIX, 'prod')).status).toBe(503);
    },
  );

  it('asks no cluster with a token of its own where another module has the fetcher', async () => {
    const url = await clusterStandIn();
    const backendUrl = await refusing(404, 'not_connected', 'Log in.');
    const { objects } = await kubernetes(
      { prod: { url, authProvider: 'clusterauth' } },
      { backendUrl, kubernetes: { explainingFetcher: false } },
    );
    // This fake accepts any token; a real cluster answers 401.
    expect((await objects(FELIX)).get('prod')?.pods).toEqual(['not-connected']);
  });

  it('does not start with a cluster that names its other name wrongly', async () => {
    const authMetadata = { clusterAuthCluster: '' };
    await expect(
      kubernetes(
        {
          prod: { url: 'http://x', authProvider: 'clusterauth', authMetadata },
        },
        { backendUrl: 'http://x' },
      ),
    ).rejects.toThrow(/authMetadata.clusterAuthCluster must be/);
  });

  it('leaves the built-in strategies to another module where it is told to', async () => {
    const shared = {
      url: 'http://x',
      authProvider: 'serviceAccount',
      serviceAccountToken: 'x',
    };
    await expect(
      kubernetes(
        { shared },
        {
          backendUrl: 'http://x',
          kubernetes: { builtInAuthStrategies: false },
        },
      ),
    ).rejects.toThrow(/authProvider "serviceAccount" has no config/);
  });

  it('logs the user and the cluster of a missing login, and no token', async () => {
    const url = await clusterStandIn();
    const logger = mockServices.logger.mock();
    const warn = jest.spyOn(logger, 'warn');
    logger.child.mockReturnValue(logger);
    const { objects } = await kubernetes(
      { prod: { url, authProvider: 'clusterauth' } },
      {
        backendUrl: await refusing(
          503,
          'record_unreadable',
          'Tell the operator.',
        ),
      },
      logger,
    );
    await objects(FELIX);
    expect(warn).toHaveBeenCalledWith(
      expect.stringMatching(/cannot be asked as you/),
      { cluster: 'prod', code: 'record_unreadable', user: FELIX },
    );
    expect(JSON.stringify(logger.warn.mock.calls)).not.toMatch(
      /mock-service-token/,
    );
  });
});
