import { EventEmitter, once } from 'node:events';
import { mockServices } from '@backstage/backend-test-utils';
import { HeldClock } from './__testUtils__/HeldClock';
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

/** A backend that refuses, or hangs, until `recovered`; it counts what it is asked. */
async function troubledBackend(trouble: 'not_connected' | 'hangs') {
  const healthy = await backendStandIn();
  const refusal = await refusing(404, 'not_connected', 'Log in.');
  const events = new EventEmitter();
  const asked: string[] = [];
  const state = { recovered: false };
  const url = await backendStandIn(async (request, response) => {
    const target = new URL(request.url ?? '', 'http://x');
    asked.push(target.searchParams.get('cluster') ?? '');
    events.emit('asked');
    if (trouble === 'hangs' && !state.recovered) {
      return;
    }
    const answer = await fetch(
      new URL(request.url ?? '', state.recovered ? healthy : refusal),
      { headers: { authorization: request.headers.authorization ?? '' } },
    );
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(await answer.text());
  });
  const askedAbout = async (number: number) => {
    while (asked.length < number) {
      await once(events, 'asked');
    }
  };
  return { url, asked, state, askedAbout };
}

async function twoClusters(trouble: 'not_connected' | 'hangs') {
  const url = await clusterStandIn();
  const clock = new HeldClock();
  const logger = mockServices.logger.mock();
  logger.child.mockReturnValue(logger);
  const backend = await troubledBackend(trouble);
  const backstage = await kubernetes(
    {
      eu: { url, authProvider: 'clusterauth' },
      us: { url, authProvider: 'clusterauth' },
      shared: {
        url,
        authProvider: 'serviceAccount',
        serviceAccountToken: 'of-the-account',
      },
    },
    { backendUrl: backend.url },
    logger,
    clock,
  );
  return { ...backstage, backend, clock, logger };
}

describe('polls of the tab', () => {
  it('wait three seconds for a backend that hangs, once for all clusters, and the others are shown', async () => {
    const { objects, backend, clock } = await twoClusters('hangs');
    const poll = objects(FELIX);
    // Both are asked while neither has an answer.
    await backend.askedAbout(2);
    clock.pass(3_000);
    const clusters = await poll;
    expect(backend.asked.sort()).toEqual(['eu', 'us']);
    expect(clusters.get('shared')?.pods).toEqual(['of-the-account']);
    for (const name of ['eu', 'us']) {
      expect(clusters.get(name)?.errors[0]).toMatch(/does not answer/);
    }
  });

  it('do not wait again within ten seconds, even where the page believes in a login, and find the backend afterwards', async () => {
    const { objects, backend, clock } = await twoClusters('hangs');
    const first = objects(FELIX);
    await backend.askedAbout(2);
    clock.pass(3_000);
    await first;
    clock.pass(9_999);
    const page = { clusterauth: { connected: ['eu', 'us'] } };
    const clusters = await objects(FELIX, page);
    expect(clusters.get('eu')?.errors[0]).toMatch(/does not answer/);
    expect(backend.asked).toHaveLength(2);

    backend.state.recovered = true;
    clock.pass(1);
    expect((await objects(FELIX)).get('eu')).toEqual({
      pods: [`eu-token-of-${FELIX}`],
      errors: [],
    });
  });

  it('ask once in ten seconds for a login that is missing, each user and cluster by itself', async () => {
    const { objects, backend, clock } = await twoClusters('not_connected');
    await objects(FELIX);
    clock.pass(9_999);
    expect((await objects(FELIX)).get('eu')?.errors[0]).toMatch(
      /^You are not connected to eu/,
    );
    expect(backend.asked).toHaveLength(2);
    backend.state.recovered = true;
    expect((await objects(MARA)).get('eu')?.pods).toEqual([
      `eu-token-of-${MARA}`,
    ]);
    clock.pass(1);
    expect((await objects(FELIX)).get('eu')?.pods).toEqual([
      `eu-token-of-${FELIX}`,
    ]);
  });

  it('see a new login at once where the page knows of it, at that cluster only', async () => {
    const { objects, backend } = await twoClusters('not_connected');
    await objects(FELIX);
    backend.state.recovered = true;
    const page = { clusterauth: { connected: ['us'] } };
    const clusters = await objects(FELIX, page);
    expect(clusters.get('us')?.pods).toEqual([`us-token-of-${FELIX}`]);
    expect(clusters.get('eu')?.pods).toEqual([]);
    expect(backend.asked.slice(2)).toEqual(['us']);
    // What was remembered is forgotten.
    expect((await objects(FELIX)).get('us')?.pods).toEqual([
      `us-token-of-${FELIX}`,
    ]);
  });

  it.each([
    [null],
    ['eu'],
    [['eu']],
    [{ connected: 'eu' }],
    [{ connected: [{ name: 'eu' }] }],
  ])('are not confused by a page that sends %j', async clusterauth => {
    const { objects, backend } = await twoClusters('not_connected');
    await objects(FELIX);
    await objects(FELIX, { clusterauth });
    expect(backend.asked).toHaveLength(2);
  });

  it('leave a click on a log free to ask', async () => {
    const { objects, proxied, backend } = await twoClusters('not_connected');
    await objects(FELIX);
    backend.state.recovered = true;
    expect((await proxied(FELIX, 'eu')).body).toBe(
      `log of eu-token-of-${FELIX}`,
    );
    expect((await objects(FELIX)).get('eu')?.pods).toHaveLength(1);
  });

  it('log the same trouble of a cluster once a minute, and how many lines were left out', async () => {
    const { objects, backend, clock, logger } = await twoClusters('hangs');
    const warn = jest.spyOn(logger, 'warn');
    const first = objects(FELIX);
    await backend.askedAbout(2);
    clock.pass(3_000);
    await first;
    for (let poll = 0; poll < 5; poll += 1) {
      clock.pass(1_000);
      await objects(FELIX);
    }
    const lines = () =>
      warn.mock.calls.map(([, fields]) => fields).filter(Boolean);
    expect(lines()).toEqual([
      { cluster: 'eu', code: 'none', user: FELIX },
      { cluster: 'us', code: 'none', user: FELIX },
    ]);
    clock.pass(55_000);
    const late = objects(FELIX);
    await backend.askedAbout(4);
    clock.pass(3_000);
    await late;
    expect(lines().slice(2)).toEqual([
      { cluster: 'eu', code: 'none', user: FELIX, linesLeftOut: 5 },
      { cluster: 'us', code: 'none', user: FELIX, linesLeftOut: 5 },
    ]);
  });
});
