import { SESSION_TOKEN } from '../__testUtils__/ClusterAuthStandIn';
import { settled } from '../__testUtils__/HeldClock';
import {
  HELPER,
  begin,
  noExtension,
  open,
  opened,
  remembering,
} from '../__testUtils__/begunFlow';
import { refusal } from '../__testUtils__/refusal';

describe('LoginFlow', () => {
  it('registers, and is then open to be handed over', async () => {
    const { flow, clusterAuthApi } = begin();
    expect(flow.state.get()).toEqual({ step: 'registering' });
    flow.start('prod');
    await settled();
    expect(opened(flow.state.get())).toMatchObject({
      session: { cluster: 'prod', user: 'user:default/felix' },
      progress: 'pending',
      handOver: { to: 'none' },
      backend: 'answers',
    });
    expect(clusterAuthApi.calls).toEqual([
      'register prod',
      `session ${SESSION_TOKEN}`,
    ]);
    flow.close();
  });

  it('says why no login began', async () => {
    const { flow, clusterAuthApi } = begin();
    clusterAuthApi.refuses = await refusal(429, 'rate_limited');
    await flow.start('prod');
    expect(flow.state.get()).toEqual({
      step: 'failed',
      problem: { code: 'rate_limited', message: 'A sentence: rate_limited.' },
    });
  });

  it('follows the session to its end', async () => {
    const { flow, clusterAuthApi, clock, ended } = await open();
    clusterAuthApi.tell('exchanging');
    await clock.pass(1_000);
    expect(opened(flow.state.get()).progress).toBe('exchanging');
    clusterAuthApi.tell('complete');
    await ended;
    expect(flow.state.get()).toEqual({
      step: 'complete',
      cluster: 'prod',
      user: 'user:default/felix',
    });
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['as the backend says', '2026-11-25T12:04:00Z', 240_000],
    ['when this clock is late', '2026-11-25T13:05:00Z', 300_000],
    ['when this clock is early', '2026-11-25T11:05:00Z', 300_000],
  ])('knows when the session ends: %s', async (_, expiresAt, left) => {
    const { flow, clusterAuthApi, clock } = begin();
    clusterAuthApi.expiresAt = expiresAt;
    flow.start('prod');
    await settled();
    expect(opened(flow.state.get()).endsAt - clock.now()).toBe(left);
    flow.close();
  });

  it('says why the login failed', async () => {
    const { flow, clusterAuthApi, ended } = await open();
    clusterAuthApi.tell('failed', 'access_denied');
    await ended;
    expect(flow.state.get()).toMatchObject({
      step: 'failed',
      problem: { code: 'access_denied' },
    });
  });

  it('says that the session is over', async () => {
    const { flow, clusterAuthApi, ended } = await open();
    clusterAuthApi.tell('expired');
    await ended;
    expect(flow.state.get()).toMatchObject({
      problem: { code: 'session_expired' },
    });
  });

  it('ends with the answer that the session is unknown', async () => {
    const { flow, clusterAuthApi, ended } = await open();
    clusterAuthApi.tell(await refusal(401, 'session_unknown'));
    await ended;
    expect(flow.state.get()).toMatchObject({
      problem: { code: 'session_unknown' },
    });
  });

  it('goes on, less and less often, while the backend is away', async () => {
    const { flow, clusterAuthApi, clock, ended } = await open();
    for (const [failure, pause] of [
      [new TypeError('Failed to fetch'), 1_000],
      [await refusal(503, 'store_unavailable'), 2_000],
      [await refusal(429, 'rate_limited', { 'Retry-After': '7' }), 7_000],
    ] as const) {
      const asked = clusterAuthApi.asked;
      clusterAuthApi.tell(failure);
      await clock.pass(pause - 1);
      expect(opened(flow.state.get()).backend).toBe('away');
      expect(clusterAuthApi.asked).toBe(asked);
      await clock.pass(1);
      expect(clusterAuthApi.asked).toBe(asked + 1);
    }
    clusterAuthApi.tell('pending');
    await settled();
    expect(opened(flow.state.get()).backend).toBe('answers');
    await clock.pass(1_000);
    clusterAuthApi.tell('complete');
    await ended;
    expect(flow.state.get().step).toBe('complete');
  });

  it('gives up a request without an answer, and asks again', async () => {
    const { flow, clusterAuthApi, clock } = await open();
    await clock.pass(34_999);
    expect(clusterAuthApi.asked).toBe(1);
    await clock.pass(1_001);
    expect(clusterAuthApi.asked).toBe(2);
    expect(opened(flow.state.get()).backend).toBe('away');
    flow.close();
  });

  it('ends when the backend is away until the session is over', async () => {
    const { flow, clusterAuthApi, clock, ended } = await open();
    clusterAuthApi.away = true;
    clusterAuthApi.tell(new TypeError('Failed to fetch'));
    await clock.pass(299_000);
    expect(opened(flow.state.get()).backend).toBe('away');
    await clock.pass(16_000);
    await ended;
    expect(flow.state.get()).toMatchObject({
      step: 'failed',
      problem: { code: 'session_expired' },
    });
  });

  it('does not ask in a hot loop when answers come early and say nothing new', async () => {
    const { flow, clusterAuthApi, clock } = await open();
    clusterAuthApi.tell('pending');
    await clock.pass(999);
    expect(clusterAuthApi.asked).toBe(1);
    await clock.pass(1);
    expect(clusterAuthApi.asked).toBe(2);
    flow.close();
  });

  it('hands over to the helper within the call, and says so when nothing moves', async () => {
    const { flow, clock, handedOver } = await open();
    flow.handOverToHelper(HELPER);
    expect(handedOver).toEqual([`${HELPER} ${SESSION_TOKEN}`]);
    const given = () => opened(flow.state.get()).handOver;
    await clock.pass(7_999);
    expect(given()).toEqual({ to: 'helper', helperUrl: HELPER, quiet: false });
    await clock.pass(1);
    expect(given()).toEqual({ to: 'helper', helperUrl: HELPER, quiet: true });
    flow.handOverToHelper('http://localhost:8000');
    expect(given()).toMatchObject({ quiet: false });
    expect(handedOver).toHaveLength(2);
    flow.close();
  });

  it('waits anew after it was handed over again', async () => {
    const { flow, clock } = await open();
    flow.handOverToHelper(HELPER);
    await clock.pass(5_000);
    flow.handOverToHelper('http://localhost:8000');
    await clock.pass(7_999);
    expect(opened(flow.state.get()).handOver).toMatchObject({ quiet: false });
    flow.close();
  });

  it('hands nothing over before there is a session', () => {
    const { flow, handedOver } = begin();
    flow.handOverToHelper(HELPER);
    expect(handedOver).toEqual([]);
  });

  it('leaves nothing behind when it is closed', async () => {
    const { flow, clusterAuthApi, clock, ended } = await open();
    flow.handOverToHelper(HELPER);
    const last = flow.state.get();
    flow.close();
    await ended;
    await clock.pass(600_000);
    expect(clock.pending).toBe(0);
    expect(clusterAuthApi.asked).toBe(1);
    expect(flow.state.get()).toBe(last);
  });

  it('leaves nothing behind either when it is closed while it waits to ask again', async () => {
    const { flow, clusterAuthApi, clock, ended } = await open();
    clusterAuthApi.tell(new TypeError('Failed to fetch'));
    await settled();
    flow.close();
    await ended;
    expect(clock.pending).toBe(0);
    expect(clusterAuthApi.asked).toBe(1);
  });

  it('remembers the helper that a login came through, and hands the next one over to it by itself', async () => {
    const proven = remembering();
    const first = await open(noExtension, proven);
    expect(first.handedOver).toEqual([]);
    first.flow.handOverToHelper(HELPER);
    first.clusterAuthApi.tell('complete');
    await first.ended;
    expect([proven.provenHelper(), proven.lastWay()]).toEqual([
      HELPER,
      'helper',
    ]);

    const second = await open(noExtension, proven);
    expect(second.handedOver).toEqual([`${HELPER} ${SESSION_TOKEN}`]);
    second.flow.close();
    // That login did not succeed, so the next one waits for a click again.
    const third = await open(noExtension, proven);
    expect(third.handedOver).toEqual([]);
    third.flow.close();
  });

  it('does not open a dead helper again, nor remember it, where the login then came by a command', async () => {
    const ways = remembering(HELPER);
    const first = await open(noExtension, ways);
    expect(first.handedOver).toHaveLength(1);
    first.flow.commandCopied('binary');
    expect(opened(first.flow.state.get()).handOver).toEqual({
      to: 'command',
      kind: 'binary',
    });
    first.clusterAuthApi.tell('complete');
    await first.ended;
    expect([ways.provenHelper(), ways.lastWay()]).toEqual([
      undefined,
      'binary',
    ]);
    const second = await open(noExtension, ways);
    expect(second.handedOver).toEqual([]);
    second.flow.close();
  });

  it('says at once what may be wrong when the user comes back from the helper and nothing has moved', async () => {
    const { flow } = await open(noExtension, remembering(HELPER));
    flow.userIsBack();
    expect(opened(flow.state.get()).handOver).toEqual({
      to: 'helper',
      helperUrl: HELPER,
      quiet: true,
    });
    flow.close();
  });

  it('says no more of the helper after a command was copied', async () => {
    const { flow, clock } = await open();
    flow.handOverToHelper(HELPER);
    flow.commandCopied('binary');
    flow.userIsBack();
    await clock.pass(8_000);
    expect(opened(flow.state.get()).handOver.to).toBe('command');
    flow.close();
  });

  it('does not remember a helper through which no login came', async () => {
    const proven = remembering();
    const { flow, clusterAuthApi, ended } = await open(noExtension, proven);
    flow.handOverToHelper(HELPER);
    clusterAuthApi.tell('expired');
    await ended;
    expect(proven.provenHelper()).toBeUndefined();
  });
});
