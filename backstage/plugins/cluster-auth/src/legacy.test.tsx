import { configApiRef } from '@backstage/frontend-plugin-api';
import { EntityProvider } from '@backstage/plugin-catalog-react';
import {
  kubernetesApiRef,
  kubernetesAuthProvidersApiRef,
} from '@backstage/plugin-kubernetes-react';
import {
  TestApiProvider,
  mockApis,
  renderInTestApp,
} from '@backstage/test-utils';
import { act, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { Route, Routes } from 'react-router-dom';

import { clusterAuthApiRef } from './api/ClusterAuthApi';
import {
  ClusterAuthLoginDialog,
  ClusterAuthPage,
  EntityGetAccessCard,
  KubernetesAccess,
  UserSettingsClusterAuth,
  clusterAuthPlugin,
  isGetAccessAvailable,
  kubernetesApiFactory,
  kubernetesAuthProvidersApiFactory,
} from './legacy';
import {
  PageEntityClusters,
  entityClustersApiRef,
} from './kubernetes/EntityClustersApi';
import { PageLogin, loginApiRef } from './login/LoginApi';
import { clusterStatusApiRef } from './status/ClusterStatusApi';
import { SharedClusterStatus } from './status/SharedClusterStatus';
import { ClusterAuthStandIn } from './__testUtils__/ClusterAuthStandIn';
import { KubernetesStandIn, SHOP } from './__testUtils__/KubernetesStandIn';

function renderApp(element: JSX.Element, address = '/') {
  const clusterAuthApi = new ClusterAuthStandIn();
  const configApi = mockApis.config({
    data: { backend: { baseUrl: 'https://backstage.example.com' } },
  });
  return renderInTestApp(
    <TestApiProvider
      apis={[
        [configApiRef, configApi],
        [clusterAuthApiRef, clusterAuthApi],
        [clusterStatusApiRef, new SharedClusterStatus(clusterAuthApi)],
        [loginApiRef, new PageLogin()],
      ]}
    >
      {element}
    </TestApiProvider>,
    { routeEntries: [address] },
  );
}

describe('the legacy plugin', () => {
  it('brings the APIs that its components use', () => {
    const ids = [...clusterAuthPlugin.getApis()].map(({ api }) => api.id);
    expect(ids).toEqual(
      [
        clusterAuthApiRef,
        clusterStatusApiRef,
        entityClustersApiRef,
        loginApiRef,
      ].map(({ id }) => id),
    );
  });

  it('opens the dialog on its page for the cluster that the address names', async () => {
    await renderApp(
      <>
        <ClusterAuthLoginDialog />
        <Routes>
          <Route path="/" element={<ClusterAuthPage />} />
        </Routes>
      </>,
      '/?connect=prod',
    );
    expect(
      await screen.findByRole('dialog', { name: 'Get K8s access' }),
    ).toBeInTheDocument();
  });

  it('has a page of clusters with a header of its own', async () => {
    await renderApp(
      <Routes>
        <Route path="/" element={<ClusterAuthPage />} />
      </Routes>,
    );
    await screen.findByRole('button', { name: 'Connect Production' });
    expect(
      screen.getByRole('heading', { name: 'K8s access' }),
    ).toBeInTheDocument();
  });

  it('has a card that opens the dialog in the root of the app', async () => {
    await renderApp(
      <>
        <ClusterAuthLoginDialog />
        <EntityGetAccessCard />
      </>,
    );
    await userEvent.click(
      await screen.findByRole('button', { name: 'Get K8s access' }),
    );
    expect(
      await screen.findByRole('button', { name: 'Copy binary command' }),
    ).toBeInTheDocument();
  });

  it('has a section for the settings of the user', async () => {
    await renderApp(<UserSettingsClusterAuth />);
    expect(
      await screen.findByRole('button', { name: 'Connect Production' }),
    ).toBeInTheDocument();
  });

  it('has auth providers and a client of Kubernetes for the APIs of the app', () => {
    expect(kubernetesAuthProvidersApiFactory.api.id).toBe(
      kubernetesAuthProvidersApiRef.id,
    );
    expect(kubernetesApiFactory.api.id).toBe(kubernetesApiRef.id);
  });

  it('has lines for the Kubernetes tab, around what is there', async () => {
    const entityClusters = new PageEntityClusters();
    await renderApp(
      <TestApiProvider apis={[[entityClustersApiRef, entityClusters]]}>
        <EntityProvider entity={SHOP}>
          <KubernetesAccess>The stock tab</KubernetesAccess>
        </EntityProvider>
      </TestApiProvider>,
    );
    await screen.findByText('The stock tab');
    act(() => {
      entityClusters.note(SHOP, { items: new KubernetesStandIn().items });
    });
    expect(
      await screen.findByRole('button', {
        name: 'Get K8s access to Production',
      }),
    ).toBeInTheDocument();
  });

  it('knows which entities have Kubernetes resources', () => {
    const entity = (annotations?: Record<string, string>) => ({
      apiVersion: 'backstage.io/v1alpha1',
      kind: 'Component',
      metadata: { name: 'shop', annotations },
    });
    expect(
      isGetAccessAvailable(entity({ 'backstage.io/kubernetes-id': 'shop' })),
    ).toBe(true);
    expect(
      isGetAccessAvailable(
        entity({ 'backstage.io/kubernetes-label-selector': 'app=shop' }),
      ),
    ).toBe(true);
    expect(isGetAccessAvailable(entity())).toBe(false);
  });
});
