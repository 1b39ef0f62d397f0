import {
  ClusterAuthStandIn,
  connected,
  unconnected,
  USER,
} from '../__testUtils__/ClusterAuthStandIn';
import { settled } from '../__testUtils__/HeldClock';
import { refusal } from '../__testUtils__/refusal';
import { SharedClusterStatus } from './SharedClusterStatus';

function shared() {
  const clusterAuthApi = new ClusterAuthStandIn();
  const clusterStatusApi = new SharedClusterStatus(clusterAuthApi);
  return { clusterAuthApi, clusterStatusApi };
}

describe('SharedClusterStatus', () => {
  it('knows nothing until the first refresh, and then notifies all listeners', async () => {
    const { clusterStatusApi } = shared();
    expect(clusterStatusApi.known.get()).toEqual({});
    const heard: unknown[] = [];
    const unsubscribe = clusterStatusApi.known.subscribe(() =>
      heard.push(clusterStatusApi.known.get()),
    );
    const answer = { status: { user: USER, clusters: [unconnected] } };
    expect(await clusterStatusApi.refresh()).toEqual(answer);
    expect(heard).toEqual([answer]);
    unsubscribe();
    await clusterStatusApi.refresh();
    expect(heard).toHaveLength(1);
  });

  it('keeps the last answer when there is no newer one, and says why', async () => {
    const { clusterAuthApi, clusterStatusApi } = shared();
    const { status } = await clusterStatusApi.refresh();
    clusterAuthApi.refuses = await refusal(503, 'store_unavailable');
    expect(await clusterStatusApi.refresh()).toEqual({
      status,
      problem: expect.objectContaining({ code: 'store_unavailable' }),
    });
    clusterAuthApi.refuses = undefined;
    expect((await clusterStatusApi.refresh()).problem).toBeUndefined();
  });

  it('tells each answer, and nothing where there is none', async () => {
    const clusterAuthApi = new ClusterAuthStandIn();
    const told: unknown[] = [];
    const clusterStatusApi = new SharedClusterStatus(clusterAuthApi, status =>
      told.push(status),
    );
    await clusterStatusApi.refresh();
    clusterAuthApi.refuses = await refusal(503, 'store_unavailable');
    await clusterStatusApi.refresh();
    clusterAuthApi.refuses = undefined;
    clusterAuthApi.clusters = [connected];
    await clusterStatusApi.refresh();
    expect(told).toEqual([
      { user: USER, clusters: [unconnected] },
      { user: USER, clusters: [connected] },
    ]);
  });

  it('asks once more for all who ask during a question', async () => {
    const { clusterAuthApi, clusterStatusApi } = shared();
    const early = clusterStatusApi.refresh();
    clusterAuthApi.clusters = [connected];
    const late = [clusterStatusApi.refresh(), clusterStatusApi.refresh()];
    await early;
    for (const answer of await Promise.all(late)) {
      expect(answer.status?.clusters).toEqual([connected]);
    }
    await settled();
    expect(clusterAuthApi.calls).toEqual(['status', 'status']);
  });
});
