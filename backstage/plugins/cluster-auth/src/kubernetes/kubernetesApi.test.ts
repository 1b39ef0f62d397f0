import { OAuthRequestManager } from '@backstage/core-app-api';
import type { PendingOAuthRequest } from '@backstage/core-plugin-api';

import { PageLogin } from '../login/LoginApi';
import { SharedClusterStatus } from '../status/SharedClusterStatus';
import {
  ClusterAuthStandIn,
  connected,
  unconnected,
} from '../__testUtils__/ClusterAuthStandIn';
import { settled } from '../__testUtils__/HeldClock';
import { refusal } from '../__testUtils__/refusal';
import {
  KubernetesStandIn,
  SHOP,
  podsOf,
  withoutToken,
} from '../__testUtils__/KubernetesStandIn';
import { PageEntityClusters } from './EntityClustersApi';
import { kubernetesApiFactory } from './kubernetesApi';

function client() {
  const kubernetes = new KubernetesStandIn();
  const clusterAuthApi = new ClusterAuthStandIn();
  const clusterStatusApi = new SharedClusterStatus(clusterAuthApi);
  const entityClusters = new PageEntityClusters();
  const oauthRequestApi = new OAuthRequestManager();
  const loginApi = new PageLogin();
  let prompts: PendingOAuthRequest[] = [];
  oauthRequestApi.authRequest$().subscribe(requests => {
    prompts = requests;
  });
  const api = kubernetesApiFactory.factory({
    clusterStatusApi,
    discoveryApi: kubernetes.discoveryApi,
    entityClusters,
    fetchApi: kubernetes.fetchApi,
    kubernetesAuthProvidersApi: {
      decorateRequestBodyForAuth: async (_, body) => body,
      getCredentials: async () => ({}),
    },
    loginApi,
    oauthRequestApi,
  });
  /** Does what the tab does every few seconds. */
  const poll = async () => {
    const { items } = await api.getObjectsByEntity({ entity: SHOP });
    await settled();
    return items.map(({ cluster }) => cluster.name);
  };
  return {
    api,
    clusterAuthApi,
    clusterStatusApi,
    entityClusters,
    kubernetes,
    loginApi,
    poll,
    prompts: () => prompts,
  };
}

describe('kubernetesApi', () => {
  it('drops a cluster without a login where a line says so, and the error of no other', async () => {
    const { poll, entityClusters, kubernetes } = client();
    const broken = podsOf('broken', 'Broken');
    broken.errors = [{ errorType: 'UNAUTHORIZED_ERROR', statusCode: 401 }];
    kubernetes.items.push(broken);
    entityClusters.of(SHOP).subscribe(() => {});
    expect(await poll()).toEqual(['shared', 'broken']);
    expect(entityClusters.of(SHOP).get()).toEqual({
      hasOthers: true,
      blank: [
        {
          name: 'prod',
          title: 'Production',
          cluster: 'prod',
          code: 'not_connected',
          message: 'A sentence: not_connected.',
        },
      ],
    });
  });

  it('keeps it, with its error, where no line says so', async () => {
    const { poll } = client();
    expect(await poll()).toEqual(['prod', 'shared']);
  });

  it('asks for a login at the cluster that the entity uses, and opens the dialog for it', async () => {
    const { poll, prompts, kubernetes, loginApi } = client();
    kubernetes.items = [
      withoutToken('eu', 'EU', { cluster: 'prod', code: 'not_connected' }),
    ];
    await poll();
    expect(prompts().map(({ provider }) => provider.title)).toEqual([
      'Kubernetes',
    ]);
    expect(loginApi.request.get()).toBeUndefined();
    await prompts()[0].trigger();
    expect(loginApi.request.get()).toEqual({ clusters: ['prod'] });
    await poll();
    expect(prompts()).toEqual([]);
  });

  it('does not ask for a login at clusters that the entity does not use', async () => {
    const { poll, prompts, clusterAuthApi, kubernetes } = client();
    clusterAuthApi.clusters = [unconnected];
    kubernetes.items = [podsOf('shared', 'Shared')];
    await poll();
    expect(prompts()).toEqual([]);
  });

  it.each(['unknown_cluster', 'store_unavailable', undefined])(
    'does not ask where a login does not help: %s',
    async code => {
      const { poll, prompts, kubernetes } = client();
      kubernetes.items = [
        withoutToken('prod', 'Production', { cluster: 'prod', code }),
      ];
      await poll();
      expect(prompts()).toEqual([]);
    },
  );

  it('asks once, and not again after a no, until there was a login', async () => {
    const { poll, prompts, clusterAuthApi, clusterStatusApi } = client();
    await poll();
    await poll();
    expect(prompts()).toHaveLength(1);
    prompts()[0].reject();
    await poll();
    expect(prompts()).toEqual([]);
    await clusterStatusApi.refresh();
    await poll();
    expect(prompts()).toEqual([]);
    clusterAuthApi.clusters = [connected];
    await clusterStatusApi.refresh();
    clusterAuthApi.clusters = [{ ...unconnected, reason: 'expired' }];
    await poll();
    expect(prompts()).toHaveLength(1);
  });

  it('does not ask for a login of a moment ago, of which the answer does not know yet', async () => {
    const { poll, prompts, clusterAuthApi } = client();
    clusterAuthApi.clusters = [connected];
    await poll();
    expect(prompts()).toEqual([]);
  });

  it('does not ask while the backend is away', async () => {
    const { poll, prompts, clusterAuthApi } = client();
    clusterAuthApi.refuses = await refusal(503, 'store_unavailable');
    await poll();
    expect(prompts()).toEqual([]);
    clusterAuthApi.refuses = undefined;
    await poll();
    expect(prompts()).toHaveLength(1);
  });

  it('does not ask while the dialog is open', async () => {
    const { poll, prompts, loginApi } = client();
    loginApi.open({});
    await poll();
    expect(prompts()).toEqual([]);
    loginApi.close();
    await poll();
    expect(prompts()).toHaveLength(1);
  });

  it('asks for what other plugins look up, too, and leaves their answers as they are', async () => {
    const { api, prompts, entityClusters, kubernetes } = client();
    entityClusters.of(SHOP).subscribe(() => {});
    const request = { entity: SHOP, auth: {} };
    expect(await api.getWorkloadsByEntity(request)).toEqual({
      items: kubernetes.items,
    });
    expect(
      await api.getCustomObjectsByEntity({ ...request, customResources: [] }),
    ).toEqual({ items: kubernetes.items });
    expect(prompts()).toHaveLength(1);
    expect(entityClusters.of(SHOP).get()).toBeUndefined();
  });
});
