/**
 * "Get K8s access" for Backstage's legacy frontend system.
 *
 * @packageDocumentation
 */
import {
  type AnyApiFactory,
  createComponentExtension,
  createPlugin,
  createRoutableExtension,
  createRouteRef,
} from '@backstage/core-plugin-api';
import type { Entity } from '@backstage/catalog-model';
import type { ReactNode } from 'react';
import {
  KUBERNETES_ANNOTATION,
  KUBERNETES_LABEL_SELECTOR_QUERY_ANNOTATION,
} from '@backstage/plugin-kubernetes-common';

import {
  clusterAuthApiFactory,
  clusterStatusApiFactory,
  entityClustersApiFactory,
  loginApiFactory,
} from './apis';
import { kubernetesApiFactory as clientApiFactory } from './kubernetes/kubernetesApi';
import { kubernetesAuthProvidersApiFactory as authProvidersApiFactory } from './kubernetes/kubernetesAuthProviders';

const rootRouteRef = createRouteRef({ id: 'cluster-auth' });

/**
 * The plugin.
 *
 * @public
 */
export const clusterAuthPlugin = createPlugin({
  id: 'cluster-auth',
  apis: [
    clusterAuthApiFactory,
    clusterStatusApiFactory,
    entityClustersApiFactory,
    loginApiFactory,
  ],
  routes: { root: rootRouteRef },
});

/**
 * Backstage's own Kubernetes auth providers and `clusterauth`; for the app's `apis`.
 *
 * @public
 */
export const kubernetesAuthProvidersApiFactory: AnyApiFactory =
  authProvidersApiFactory;

/**
 * The Kubernetes plugin's client, which asks for a missing login; for the app's `apis`.
 *
 * @public
 */
export const kubernetesApiFactory: AnyApiFactory = clientApiFactory;

/**
 * Goes around `EntityKubernetesContent`: a line with the button for each cluster of the entity that the user is not connected to.
 *
 * @public
 */
export const KubernetesAccess: (props: { children: ReactNode }) => JSX.Element =
  clusterAuthPlugin.provide(
    createComponentExtension({
      name: 'KubernetesAccess',
      component: {
        lazy: () =>
          import('./components/KubernetesAccess').then(m => m.KubernetesAccess),
      },
    }),
  );

/**
 * The page of clusters, for a route `/cluster-auth`.
 *
 * @public
 */
export const ClusterAuthPage: () => JSX.Element = clusterAuthPlugin.provide(
  createRoutableExtension({
    name: 'ClusterAuthPage',
    component: () =>
      import('./components/ClustersPage').then(m => m.ClustersPage),
    mountPoint: rootRouteRef,
  }),
);

/**
 * The card for an entity page.
 *
 * @public
 */
export const EntityGetAccessCard: () => JSX.Element = clusterAuthPlugin.provide(
  createComponentExtension({
    name: 'EntityGetAccessCard',
    component: {
      lazy: () =>
        import('./components/GetAccessCard').then(m => m.GetAccessCard),
    },
  }),
);

/**
 * The section of the user's settings, for a `SettingsLayout.Route`.
 *
 * @public
 */
export const UserSettingsClusterAuth: () => JSX.Element =
  clusterAuthPlugin.provide(
    createComponentExtension({
      name: 'UserSettingsClusterAuth',
      component: {
        lazy: () =>
          import('./components/UserSettingsClusterAuth').then(
            m => m.UserSettingsClusterAuth,
          ),
      },
    }),
  );

/**
 * The dialog; render it once in the app's root, beside `OAuthRequestDialog`.
 *
 * @public
 */
export const ClusterAuthLoginDialog: () => JSX.Element | null =
  clusterAuthPlugin.provide(
    createComponentExtension({
      name: 'ClusterAuthLoginDialog',
      component: {
        lazy: () => import('./components/LoginDialog').then(m => m.LoginDialog),
      },
    }),
  );

/**
 * Whether an entity has Kubernetes resources, for `EntitySwitch.Case`.
 *
 * @public
 */
export function isGetAccessAvailable(entity: Entity): boolean {
  const annotations = entity.metadata.annotations ?? {};
  return [
    KUBERNETES_ANNOTATION,
    KUBERNETES_LABEL_SELECTOR_QUERY_ANNOTATION,
  ].some(annotation => Boolean(annotations[annotation]));
}
