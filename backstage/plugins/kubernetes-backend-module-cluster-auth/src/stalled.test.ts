import type { ServerResponse } from 'node:http';
import { mockServices } from '@backstage/backend-test-utils';
import { LateAnswers } from './LateAnswers';
import { HeldClock } from './__testUtils__/HeldClock';
import { kubernetes } from './__testUtils__/kubernetes';
import {
  backendStandIn,
  clusterStandIn,
  hangingClusterStandIn,
  stopStandIns,
} from './__testUtils__/standIns';

afterEach(stopStandIns);

const FELIX = 'user:default/felix';
const NAMES = Array.from({ length: 20 }, (_, number) => `c${number}`);

/** Twenty clusters: the token of `c3` hangs, as its issuer does, and so does the API of `c7`. */
async function twentyClusters() {
  const url = await clusterStandIn();
  const hanging = await hangingClusterStandIn();
  const clock = new HeldClock();
  const tokens: { asked: string[]; held: ServerResponse[] } = {
    asked: [],
    held: [],
  };
  const backendUrl = await backendStandIn((request, response) => {
    const target = new URL(request.url ?? '', 'http://x');
    const cluster = target.searchParams.get('cluster') ?? '';
    tokens.asked.push(cluster);
    if (cluster === 'c3') {
      tokens.held.push(response);
    } else {
      response.end(JSON.stringify({ token: `token-of-${cluster}` }));
    }
  });
  const backstage = await kubernetes(
    Object.fromEntries(
      NAMES.map(name => [
        name,
        {
          url: name === 'c7' ? hanging.url : url,
          authProvider: 'clusterauth',
        },
      ]),
    ),
    { backendUrl },
    mockServices.logger.mock(),
    clock,
  );
  return { ...backstage, clock, hanging, tokens };
}

/** Until only these are waited for: each wait has a timer, which ends with its answer. */
async function untilOnlyStalled(
  clock: HeldClock,
  stalled: number,
  begun: () => boolean,
) {
  while (!begun() || clock.pending !== stalled) {
    await new Promise(setImmediate);
  }
}

describe('one cluster of twenty that hangs', () => {
  it('is said to be late, whether its issuer or its API hangs, and the others are shown', async () => {
    const { objects, clock, hanging, tokens } = await twentyClusters();
    const poll = objects(FELIX);
    await untilOnlyStalled(
      clock,
      2,
      () => tokens.asked.length === 20 && hanging.held.length > 0,
    );
    clock.pass(2_500);
    const clusters = await poll;
    expect(tokens.held).toHaveLength(1);
    const stalled = ['c3', 'c7'].map(name => clusters.get(name)?.errors[0]);
    expect(stalled).toEqual([
      expect.stringMatching(/does not answer/),
      expect.stringMatching(/^c7 has not answered yet: /),
    ]);
    const others = NAMES.filter(name => !['c3', 'c7'].includes(name));
    expect(others.map(name => clusters.get(name))).toEqual(
      others.map(name => ({ pods: [`token-of-${name}`], errors: [] })),
    );
  });

  it('is shown by the next poll when its answer has come meanwhile, and was not asked twice', async () => {
    const { objects, clock, hanging, tokens } = await twentyClusters();
    const first = objects(FELIX);
    const begun = () => tokens.asked.length === 20 && hanging.held.length > 0;
    await untilOnlyStalled(clock, 2, begun);
    clock.pass(2_500);
    await first;
    const asked = hanging.asked;
    hanging.letGo();
    const clusters = await objects(FELIX);
    expect(clusters.get('c7')).toEqual({ pods: ['token-of-c7'], errors: [] });
    expect(hanging.asked).toBe(asked);
  });
});

describe('late answers', () => {
  const instead = () => 'late';

  it('are asked for once while they are under way, and anew after half a minute', async () => {
    const clock = new HeldClock();
    const answers = new LateAnswers<string>(clock);
    let asked = 0;
    const never = () => {
      asked += 1;
      return new Promise<string>(() => {});
    };
    for (const [pause, expected] of [
      [0, 1],
      [27_499, 1],
      [0, 2],
    ]) {
      clock.pass(pause);
      const answer = answers.within('a', 2_500, { ask: never, instead });
      clock.pass(2_500);
      expect([await answer, asked]).toEqual(['late', expected]);
    }
    expect(answers.size).toBe(1);
  });

  it('that have failed are not kept, and what has gone is forgotten', async () => {
    const clock = new HeldClock();
    const answers = new LateAnswers<string>(clock);
    const failing = { ask: () => Promise.reject(new Error('no')), instead };
    await expect(answers.within('a', 1, failing)).rejects.toThrow('no');
    expect([answers.size, clock.pending]).toEqual([0, 0]);
    for (let user = 0; user < 1_000; user += 1) {
      const hangs = { ask: () => new Promise<string>(() => {}), instead };
      const answer = answers.within(`${user}`, 1_000, hangs);
      clock.pass(1_000);
      await answer;
    }
    expect(answers.size).toBe(30);
  });
});
