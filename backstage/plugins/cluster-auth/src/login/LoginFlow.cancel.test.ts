import {
  type ClusterAuthStandIn,
  SESSION_TOKEN,
} from '../__testUtils__/ClusterAuthStandIn';
import { ExtensionStandIn } from '../__testUtils__/ExtensionStandIn';
import { HELPER, begin, open, opened } from '../__testUtils__/begunFlow';
import { settled } from '../__testUtils__/HeldClock';
import type { LoginFlow } from './LoginFlow';

describe('LoginFlow, cancelled', () => {
  const CANCELLED = `cancel ${SESSION_TOKEN}`;
  const cancels = (api: ClusterAuthStandIn) =>
    api.calls.filter(call => call.startsWith('cancel'));

  it('ends the session at the backend, so that it does not count', async () => {
    const { flow, clusterAuthApi, clock, ended } = await open();
    flow.handOverToHelper(HELPER);
    expect(await flow.cancel()).toBe(true);
    await ended;
    expect(cancels(clusterAuthApi)).toEqual([CANCELLED]);
    expect(clock.pending).toBe(0);
    flow.close();
    expect(cancels(clusterAuthApi)).toHaveLength(1);
  });

  it('also at the backend when the extension has the login, so that what it delivers later counts for nothing', async () => {
    const extension = new ExtensionStandIn();
    const { flow, clusterAuthApi, clock, ended } = await open(extension);
    expect(extension.started).toHaveLength(1);
    expect(await flow.cancel()).toBe(true);
    await ended;
    expect(cancels(clusterAuthApi)).toEqual([CANCELLED]);
    expect(clock.pending).toBe(0);
  });

  it('when the page is left after the extension refused it', async () => {
    const extension = new ExtensionStandIn();
    const { flow, clusterAuthApi } = await open(extension);
    extension.refuse('portal_unknown');
    await settled();
    flow.leave({ keepalive: true });
    expect(cancels(clusterAuthApi)).toEqual([`${CANCELLED} keepalive`]);
    flow.close();
  });

  it('goes on where the login is being completed already', async () => {
    const { flow, clusterAuthApi, clock, ended } = await open();
    clusterAuthApi.cancelled = 'exchanging';
    expect(await flow.cancel()).toBe(false);
    expect(opened(flow.state.get()).progress).toBe('exchanging');
    clusterAuthApi.tell('complete');
    await ended;
    expect(flow.state.get().step).toBe('complete');
    expect(clock.pending).toBe(0);
  });

  it('ends here where the backend is away', async () => {
    const { flow, clusterAuthApi } = await open();
    clusterAuthApi.cancelled = new TypeError('Failed to fetch');
    expect(await flow.cancel()).toBe(true);
  });

  it('has nothing to end after the login', async () => {
    const { flow, clusterAuthApi, ended } = await open();
    clusterAuthApi.tell('failed', 'access_denied');
    await ended;
    expect(await flow.cancel()).toBe(true);
    flow.close();
    expect(cancels(clusterAuthApi)).toEqual([]);
  });

  it('ends a session that is begun too late', async () => {
    const { flow, clusterAuthApi } = begin();
    const ended = flow.start('prod');
    flow.close();
    await ended;
    expect(cancels(clusterAuthApi)).toEqual([CANCELLED]);
    expect(clusterAuthApi.asked).toBe(0);
  });

  it('when the page is left, if nothing else has the token', async () => {
    const { flow, clusterAuthApi } = await open();
    flow.leave({ keepalive: true });
    expect(cancels(clusterAuthApi)).toEqual([`${CANCELLED} keepalive`]);
    flow.close();
    expect(cancels(clusterAuthApi)).toHaveLength(1);
  });

  it.each([
    ['the helper', (flow: LoginFlow) => flow.handOverToHelper(HELPER)],
    ['a terminal', (flow: LoginFlow) => flow.commandCopied('binary')],
    ['the extension', (flow: LoginFlow) => flow.handOverToExtension()],
  ])('not when the page is left and %s has the token', async (_, handOver) => {
    const { flow, clusterAuthApi } = await open(new ExtensionStandIn(false));
    handOver(flow);
    flow.leave({ keepalive: true });
    flow.close();
    expect(cancels(clusterAuthApi)).toEqual([]);
  });
});
