import type { Entity } from '@backstage/catalog-model';
import {
  createExtensionTester,
  renderTestApp,
} from '@backstage/frontend-test-utils';
import { EntityCardBlueprint } from '@backstage/plugin-catalog-react/alpha';
import kubernetesPlugin from '@backstage/plugin-kubernetes/alpha';
import { kubernetesAuthProvidersApiRef } from '@backstage/plugin-kubernetes-react';
import userSettingsPlugin from '@backstage/plugin-user-settings/alpha';
import { act, screen } from '@testing-library/react';

import { clusterAuthApiRef } from './api/ClusterAuthApi';
import { loginApiRef } from './login/LoginApi';
import {
  clusterAuthModulePlaces,
  clusterAuthPlugin,
  getAccessCard,
  kubernetesModuleClusterAuth,
} from './plugin';
import { ClusterAuthStandIn } from './__testUtils__/ClusterAuthStandIn';
import { extensionInPage } from './__testUtils__/extensionInPage';

function renderApp(path: string) {
  return renderTestApp({
    features: [
      clusterAuthPlugin,
      clusterAuthModulePlaces,
      kubernetesModuleClusterAuth,
      kubernetesPlugin,
      userSettingsPlugin,
    ],
    initialRouteEntries: [path],
    apis: [[clusterAuthApiRef, new ClusterAuthStandIn()]],
  });
}

function entity(annotations?: Record<string, string>): Entity {
  return {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'Component',
    metadata: { name: 'shop', annotations },
  };
}

describe('clusterAuthPlugin', () => {
  it('has a page of clusters', async () => {
    renderApp('/cluster-auth');
    expect(
      await screen.findByRole('button', { name: 'Connect Production' }),
    ).toBeInTheDocument();
  });

  it('opens the dialog on its page for the cluster that the address names, and not in the settings', async () => {
    const page = renderApp('/cluster-auth?connect=prod');
    await screen.findByRole('dialog', { name: 'Get K8s access' });
    page.unmount();
    renderApp('/settings/cluster-auth?connect=prod');
    await screen.findByRole('button', { name: 'Connect Production' });
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('tells the browser extension the status that its pages read', async () => {
    const { said } = extensionInPage();
    renderApp('/cluster-auth');
    await screen.findByRole('button', { name: 'Connect Production' });
    expect(said).toMatchObject([
      { type: 'state', clusters: [{ name: 'prod', connected: false }] },
    ]);
    jest.restoreAllMocks();
  });

  it('has a section in the settings of the user', async () => {
    renderApp('/settings/cluster-auth');
    expect(
      await screen.findByRole('button', { name: 'Connect Production' }),
    ).toBeInTheDocument();
  });

  it('has it after those of Backstage, although the app finds our plugin first, so that the settings do not open with it', async () => {
    renderApp('/settings');
    const tabs = await screen.findAllByRole('tab');
    expect(tabs.map(({ textContent }) => textContent)).toEqual([
      'General',
      'Authentication Providers',
      'Feature Flags',
      'K8s access',
    ]);
    expect(tabs[0]).toHaveAttribute('aria-selected', 'true');
    expect(
      screen.queryByRole('button', { name: 'Connect Production' }),
    ).toBeNull();
  });

  it('has the dialog on every page', async () => {
    const { apis } = renderApp('/settings/general');
    await act(async () => apis.get(loginApiRef)?.open({ cluster: 'prod' }));
    expect(
      await screen.findByRole('dialog', { name: 'Get K8s access' }),
    ).toBeInTheDocument();
  });

  it('teaches the Kubernetes plugin clusterauth', async () => {
    const { apis } = renderApp('/cluster-auth');
    const providers = apis.get(kubernetesAuthProvidersApiRef);
    expect(await providers?.getCredentials('clusterauth')).toEqual({});
  });

  it.each([
    ['with an ID', { 'backstage.io/kubernetes-id': 'shop' }, true],
    [
      'with a label selector',
      { 'backstage.io/kubernetes-label-selector': 'app=shop' },
      true,
    ],
    ['without either', undefined, false],
  ])('has a card for entities %s', (_, annotations, isShown) => {
    const filter = createExtensionTester(getAccessCard).get(
      EntityCardBlueprint.dataRefs.filterFunction,
    );
    expect(filter?.(entity(annotations))).toBe(isShown);
  });
});
