import { EntityProvider } from '@backstage/plugin-catalog-react';
import {
  createExtensionTester,
  mockApis,
  renderInTestApp,
} from '@backstage/frontend-test-utils';
import { OAuthRequestManager } from '@backstage/core-app-api';
import {
  kubernetesApiRef,
  kubernetesAuthProvidersApiRef,
} from '@backstage/plugin-kubernetes-react';
import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import { clusterAuthApiRef } from '../api/ClusterAuthApi';
import { PageEntityClusters } from '../kubernetes/EntityClustersApi';
import { entityClustersApiRef } from '../kubernetes/EntityClustersApi';
import { kubernetesApiFactory } from '../kubernetes/kubernetesApi';
import { PageLogin, loginApiRef } from '../login/LoginApi';
import { kubernetesContent } from '../plugin';
import { clusterStatusApiRef } from '../status/ClusterStatusApi';
import { SharedClusterStatus } from '../status/SharedClusterStatus';
import {
  ClusterAuthStandIn,
  connected,
  unconnected,
} from '../__testUtils__/ClusterAuthStandIn';
import {
  KubernetesStandIn,
  SHOP,
  podsOf,
  withoutToken,
} from '../__testUtils__/KubernetesStandIn';
import { violations } from '../__testUtils__/app';

// The stock tab's own interval: it is to ask by itself, and at once.
jest.mock('react-use/esm/useInterval', () => ({
  __esModule: true,
  default: () => {},
}));

/** The stock tab, with what we put around it. */
function renderTab(kubernetes = new KubernetesStandIn()) {
  const clusterAuthApi = new ClusterAuthStandIn();
  const clusterStatusApi = new SharedClusterStatus(clusterAuthApi);
  const entityClusters = new PageEntityClusters();
  const loginApi = new PageLogin();
  const authProviders = {
    decorateRequestBodyForAuth: async <T,>(_: string, body: T) => body,
    getCredentials: async () => ({}),
  };
  const { discoveryApi, fetchApi } = kubernetes;
  const kubernetesApi = kubernetesApiFactory.factory({
    clusterStatusApi,
    discoveryApi,
    entityClusters,
    fetchApi,
    kubernetesAuthProvidersApi: authProviders,
    loginApi,
    oauthRequestApi: new OAuthRequestManager(),
  });
  renderInTestApp(
    <EntityProvider entity={SHOP}>
      {createExtensionTester(kubernetesContent).reactElement()}
    </EntityProvider>,
    {
      apis: [
        [clusterAuthApiRef, clusterAuthApi],
        [clusterStatusApiRef, clusterStatusApi],
        [entityClustersApiRef, entityClusters],
        [kubernetesApiRef, kubernetesApi],
        [kubernetesAuthProvidersApiRef, authProviders],
        [loginApiRef, loginApi],
        mockApis.permission(),
      ],
    },
  );
  return { clusterAuthApi, clusterStatusApi, kubernetes, loginApi };
}

async function lines() {
  const list = await screen.findByRole('list', {
    name: 'Clusters without access',
  });
  return within(list).getAllByRole('listitem');
}

describe('KubernetesAccess', () => {
  it('says which cluster of the entity has no login, with the button, in place of a row with green ticks and a warning', async () => {
    const { loginApi } = renderTab();
    const [line, ...others] = await lines();
    expect(others).toEqual([]);
    expect(line).toHaveTextContent(
      'ProductionYou are not connected. Log in to see what runs there.',
    );
    await screen.findByText('Shared');
    expect(screen.getAllByText('Production')).toHaveLength(1);
    expect(screen.getAllByText('No pods with errors')).toHaveLength(1);
    expect(screen.queryByText(/There was a problem/)).toBeNull();
    await userEvent.click(
      within(line).getByRole('button', {
        name: 'Get K8s access to Production',
      }),
    );
    expect(loginApi.request.get()).toEqual({ cluster: 'prod' });
  });

  it('says why a login has ended', async () => {
    const { clusterAuthApi, clusterStatusApi } = renderTab();
    await lines();
    clusterAuthApi.clusters = [{ ...unconnected, reason: 'refresh_refused' }];
    await act(async () => {
      await clusterStatusApi.refresh();
    });
    expect((await lines())[0]).toHaveTextContent(
      'The identity provider has ended your login (refresh_refused): log in again.',
    );
  });

  it('says nothing of missing resources where it is the only cluster', async () => {
    const kubernetes = new KubernetesStandIn();
    kubernetes.items = kubernetes.items.slice(0, 1);
    renderTab(kubernetes);
    await lines();
    expect(
      await screen.findByText('No Kubernetes resources'),
    ).not.toBeVisible();
    expect(await violations()).toEqual([]);
  });

  it('shows the cluster by itself after the login, and keeps the rest as it is', async () => {
    const { clusterAuthApi, clusterStatusApi, kubernetes } = renderTab();
    await lines();
    const shared = await screen.findByText('Shared');
    const asked = kubernetes.asked;
    clusterAuthApi.clusters = [connected];
    await act(async () => {
      await clusterStatusApi.refresh();
    });
    expect((await lines())[0]).toHaveTextContent(
      'Connected. What runs there is shown in a moment.',
    );
    expect(screen.queryByRole('button', { name: /Get K8s access/ })).toBeNull();
    // Backstage's backend may know of it later.
    await waitFor(() => expect(kubernetes.asked).toBe(asked + 1));
    kubernetes.items = [
      podsOf('prod', 'Production'),
      podsOf('shared', 'Shared'),
    ];
    await waitFor(() =>
      expect(screen.getAllByText('No pods with errors')).toHaveLength(2),
    );
    expect(
      screen.queryByRole('list', { name: 'Clusters without access' }),
    ).toBeNull();
    expect(shared).toBeInTheDocument();
  });

  it('says whose a wrong name is, and offers no login', async () => {
    const kubernetes = new KubernetesStandIn();
    kubernetes.items = [
      withoutToken('eu', 'EU', { cluster: 'eu', code: 'unknown_cluster' }),
    ];
    renderTab(kubernetes);
    expect((await lines())[0]).toHaveTextContent(
      /no cluster with the name eu\. A login does not help: tell the admins/,
    );
    expect(screen.queryByRole('button', { name: /Get K8s access/ })).toBeNull();
  });

  it('passes on what else is wrong, and offers no login', async () => {
    const kubernetes = new KubernetesStandIn();
    kubernetes.items = [
      withoutToken('prod', 'Production', {
        cluster: 'prod',
        code: 'store_unavailable',
      }),
    ];
    renderTab(kubernetes);
    expect((await lines())[0]).toHaveTextContent(
      'A sentence: store_unavailable.',
    );
    expect(screen.queryByRole('button', { name: /Get K8s access/ })).toBeNull();
  });
});
