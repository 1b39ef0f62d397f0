import { SESSION_TOKEN } from '../__testUtils__/ClusterAuthStandIn';
import { ExtensionStandIn } from '../__testUtils__/ExtensionStandIn';
import { settled } from '../__testUtils__/HeldClock';
import {
  HELPER,
  begin,
  open,
  opened,
  remembering,
} from '../__testUtils__/begunFlow';
import type { LoginFlow } from './LoginFlow';

describe('LoginFlow with the browser extension', () => {
  it('hands the session to it without a click', async () => {
    const extension = new ExtensionStandIn();
    const { flow } = await open(extension);
    expect(extension.started).toEqual([SESSION_TOKEN]);
    expect(opened(flow.state.get())).toMatchObject({
      extension: 'there',
      handOver: { to: 'extension', quiet: false },
    });
    flow.close();
  });

  it('asks for it before the backend has answered', async () => {
    const extension = new ExtensionStandIn();
    const { flow, clusterAuthApi } = begin(extension);
    flow.start('prod');
    expect(extension.asked).toEqual([300]);
    expect(clusterAuthApi.asked).toBe(0);
    flow.close();
  });

  it('goes to it rather than to the remembered helper', async () => {
    const extension = new ExtensionStandIn();
    const { flow, handedOver } = await open(extension, remembering(HELPER));
    expect(handedOver).toEqual([]);
    expect(opened(flow.state.get()).handOver.to).toBe('extension');
    flow.close();
  });

  it('says why it refused, and is open for the other ways', async () => {
    const extension = new ExtensionStandIn();
    const { flow, handedOver, clock } = await open(extension);
    extension.refuse('permission_missing');
    await settled();
    expect(opened(flow.state.get())).toMatchObject({
      handOver: { to: 'none' },
      refusal: {
        code: 'permission_missing',
        message: 'A sentence: permission_missing.',
      },
    });
    await clock.pass(8_000);
    expect(opened(flow.state.get()).refusal).toBeDefined();
    flow.handOverToHelper(HELPER);
    expect(handedOver).toHaveLength(1);
    expect(opened(flow.state.get()).refusal).toBeUndefined();
    flow.close();
  });

  it('lets it try again with the same session after a refusal', async () => {
    const extension = new ExtensionStandIn();
    const { flow } = await open(extension);
    extension.refuse('permission_missing');
    await settled();
    flow.handOverToExtension();
    expect(extension.started).toEqual([SESSION_TOKEN, SESSION_TOKEN]);
    expect(opened(flow.state.get())).toMatchObject({
      handOver: { to: 'extension' },
      refusal: undefined,
    });
    flow.close();
  });

  it.each([
    ['before', (flow: LoginFlow) => flow.handOverToHelper(HELPER)],
    ['in the same moment', () => {}],
  ])(
    'does not listen to it once another way was taken: %s',
    async (_, take) => {
      const extension = new ExtensionStandIn();
      const { flow } = await open(extension);
      take(flow);
      extension.refuse('not_confirmed');
      flow.handOverToHelper(HELPER);
      await settled();
      expect(opened(flow.state.get())).toMatchObject({
        handOver: { to: 'helper' },
        refusal: undefined,
      });
      flow.close();
    },
  );

  it('ends with the session, also where it never says a word again', async () => {
    const extension = new ExtensionStandIn();
    const { flow, clusterAuthApi, clock, ended } = await open(extension);
    clusterAuthApi.tell('expired');
    await ended;
    expect(flow.state.get()).toMatchObject({
      problem: { code: 'session_expired' },
    });
    expect(clock.pending).toBe(0);
  });

  it('has logged in when the backend says so, not when the extension does', async () => {
    const extension = new ExtensionStandIn();
    const { flow, clusterAuthApi, ended } = await open(extension);
    extension.succeed();
    await settled();
    expect(opened(flow.state.get()).handOver.to).toBe('extension');
    clusterAuthApi.tell('complete');
    await ended;
    expect(flow.state.get().step).toBe('complete');
  });

  it('says what may be wrong when nothing moves, or when the user comes back', async () => {
    const slow = await open(new ExtensionStandIn());
    await slow.clock.pass(8_000);
    const back = await open(new ExtensionStandIn());
    back.flow.userIsBack();
    for (const { flow } of [slow, back]) {
      expect(opened(flow.state.get()).handOver).toEqual({
        to: 'extension',
        quiet: true,
      });
      flow.close();
    }
  });

  it('leaves it out when the helper was chosen meanwhile', async () => {
    let answer = (_: boolean) => {};
    const extension = new ExtensionStandIn(
      new Promise<boolean>(resolve => {
        answer = resolve;
      }),
    );
    const { flow } = await open(extension);
    flow.handOverToHelper(HELPER);
    answer(true);
    await settled();
    expect(extension.started).toEqual([]);
    flow.close();
  });

  it('offers one that was installed meanwhile, when the user comes back, and does not begin by itself', async () => {
    const extension = new ExtensionStandIn(false);
    const { flow } = await open(extension);
    expect(opened(flow.state.get()).extension).toBe('absent');
    extension.isThere = true;
    await flow.userIsBack();
    expect(opened(flow.state.get())).toMatchObject({
      extension: 'there',
      handOver: { to: 'none' },
    });
    expect(extension.started).toEqual([]);
    flow.close();
  });
});

describe('LoginFlow with a browser extension that answers late', () => {
  it('hands the session to it all the same, while nothing else was chosen', async () => {
    const extension = new ExtensionStandIn(false);
    const { flow, clock } = await open(extension);
    expect(opened(flow.state.get()).extension).toBe('absent');
    await clock.pass(2_000);
    extension.answerLate();
    await settled();
    expect(extension.started).toEqual([SESSION_TOKEN]);
    expect(opened(flow.state.get())).toMatchObject({
      extension: 'there',
      handOver: { to: 'extension' },
    });
    flow.close();
  });

  it('opens no tab once the user reads the other ways, but offers it', async () => {
    const extension = new ExtensionStandIn(false);
    const { flow, clock } = await open(extension);
    await clock.pass(3_001);
    extension.answerLate();
    await settled();
    expect(extension.started).toEqual([]);
    expect(opened(flow.state.get())).toMatchObject({
      extension: 'there',
      handOver: { to: 'none' },
    });
    flow.close();
  });

  it('takes it for there where the backend was slower still', async () => {
    const extension = new ExtensionStandIn(false);
    const { flow } = begin(extension);
    flow.start('prod');
    extension.answerLate();
    await settled();
    expect(extension.started).toEqual([SESSION_TOKEN]);
    flow.close();
  });

  it('goes on with the way that was chosen, which was not preferred to it', async () => {
    const ways = remembering();
    const extension = new ExtensionStandIn(false);
    const { flow, clusterAuthApi, ended } = await open(extension, ways);
    flow.commandCopied('npx');
    extension.answerLate();
    await settled();
    expect(extension.started).toEqual([]);
    expect(opened(flow.state.get()).handOver.to).toBe('command');
    clusterAuthApi.tell('complete');
    await ended;
    expect(ways.extensionBegins()).toBe('at-once');
  });

  it('waits for a click where the last login came by another way', async () => {
    const ways = {
      ...remembering(),
      extensionBegins: () => 'on-click' as const,
    };
    const extension = new ExtensionStandIn(false);
    const { flow } = await open(extension, ways);
    extension.answerLate();
    await settled();
    expect(extension.started).toEqual([]);
    expect(opened(flow.state.get()).extension).toBe('there');
    flow.close();
  });
});

describe('LoginFlow remembers the browser extension', () => {
  it('once a login came through it, and then waits for it longer and shows no other way meanwhile', async () => {
    const ways = remembering();
    const first = await open(new ExtensionStandIn(), ways);
    first.clusterAuthApi.tell('complete');
    await first.ended;
    expect(ways.lastWay()).toBe('extension');

    const slow = new ExtensionStandIn(new Promise(() => {}));
    const second = await open(slow, ways);
    expect(slow.asked).toEqual([1_000]);
    expect(opened(second.flow.state.get()).extension).toBe('expected');
    second.flow.close();
  });

  it('and says so when it does not answer any more', async () => {
    const ways = remembering(undefined, 'extension');
    const { flow } = await open(new ExtensionStandIn(false), ways);
    expect(opened(flow.state.get())).toMatchObject({
      extension: 'missed',
      handOver: { to: 'none' },
    });
    flow.close();
  });

  it('lets it wait for a click where the last login came by another way although it was there', async () => {
    const ways = remembering();
    const refusing = new ExtensionStandIn();
    const first = await open(refusing, ways);
    refusing.refuse('browser_prevents');
    await settled();
    first.flow.handOverToHelper(HELPER);
    first.clusterAuthApi.tell('complete');
    await first.ended;

    const extension = new ExtensionStandIn();
    const second = await open(extension, ways);
    expect(extension.started).toEqual([]);
    expect(second.handedOver).toHaveLength(1);
    second.flow.handOverToExtension();
    expect(extension.started).toHaveLength(1);
    second.clusterAuthApi.tell('complete');
    await second.ended;

    // It was chosen, and it worked.
    const third = await open(extension, ways);
    expect(extension.started).toHaveLength(2);
    third.flow.close();
  });

  it('not where a login ended otherwise', async () => {
    const ways = remembering();
    const { clusterAuthApi, ended } = await open(new ExtensionStandIn(), ways);
    clusterAuthApi.tell('failed', 'access_denied');
    await ended;
    expect(ways.lastWay()).toBeUndefined();
  });
});
