import {
  ApiBlueprint,
  AppRootElementBlueprint,
  PageBlueprint,
  SubPageBlueprint,
  coreExtensionData,
  createFrontendModule,
  createFrontendPlugin,
  createRouteRef,
} from '@backstage/frontend-plugin-api';
import kubernetesPlugin from '@backstage/plugin-kubernetes/alpha';
import { EntityCardBlueprint } from '@backstage/plugin-catalog-react/alpha';
import {
  KUBERNETES_ANNOTATION,
  KUBERNETES_LABEL_SELECTOR_QUERY_ANNOTATION,
} from '@backstage/plugin-kubernetes-common';
import VpnKeyIcon from '@material-ui/icons/VpnKey';

import {
  clusterAuthApiFactory,
  clusterStatusApiFactory,
  entityClustersApiFactory,
  loginApiFactory,
} from './apis';
import { KubernetesAccess } from './components/KubernetesAccess';
import { LoginDialog } from './components/LoginDialog';
import { kubernetesApiFactory } from './kubernetes/kubernetesApi';
import { kubernetesAuthProvidersApiFactory } from './kubernetes/kubernetesAuthProviders';

const rootRouteRef = createRouteRef();

const clusterAuthApi = ApiBlueprint.make({
  name: 'client',
  params: define => define(clusterAuthApiFactory),
});

const clusterStatusApi = ApiBlueprint.make({
  name: 'status',
  params: define => define(clusterStatusApiFactory),
});

const loginApi = ApiBlueprint.make({
  name: 'login',
  params: define => define(loginApiFactory),
});

const entityClustersApi = ApiBlueprint.make({
  name: 'entity-clusters',
  params: define => define(entityClustersApiFactory),
});

const loginDialog = AppRootElementBlueprint.make({
  name: 'login-dialog',
  params: { element: <LoginDialog /> },
});

const clustersPage = PageBlueprint.make({
  params: {
    path: '/cluster-auth',
    routeRef: rootRouteRef,
    title: 'K8s access',
    icon: <VpnKeyIcon fontSize="inherit" />,
    loader: () =>
      import('./components/ClustersPage').then(m => <m.ClustersPageContent />),
  },
});

export const getAccessCard = EntityCardBlueprint.make({
  name: 'get-access',
  params: {
    type: 'info',
    filter: {
      $any: [
        {
          [`metadata.annotations.${KUBERNETES_ANNOTATION}`]: { $exists: true },
        },
        {
          [`metadata.annotations.${KUBERNETES_LABEL_SELECTOR_QUERY_ANNOTATION}`]:
            { $exists: true },
        },
      ],
    },
    loader: () =>
      import('./components/GetAccessCard').then(m => <m.GetAccessCard />),
  },
});

const userSettings = SubPageBlueprint.make({
  name: 'user-settings',
  attachTo: { id: 'page:user-settings', input: 'pages' },
  params: {
    path: 'cluster-auth',
    title: 'K8s access',
    loader: () =>
      import('./components/ClustersPage').then(m => (
        <m.ClustersSettingsContent />
      )),
  },
});

/**
 * The plugin: the card, the page, the dialog and the section of the user's settings.
 *
 * @public
 */
export const clusterAuthPlugin = createFrontendPlugin({
  pluginId: 'cluster-auth',
  title: 'K8s access',
  icon: <VpnKeyIcon fontSize="inherit" />,
  info: { packageJson: () => import('../package.json') },
  routes: { root: rootRouteRef },
  extensions: [
    clusterAuthApi,
    clusterStatusApi,
    entityClustersApi,
    loginApi,
    loginDialog,
    clustersPage,
  ],
});

/**
 * The card and the section of the user's settings. They come after those of all plugins, as the extensions of modules do: in the order
 * in which an app finds its plugins, they could stand first, as the page that the settings open with and above the card "About".
 *
 * @public
 */
export const clusterAuthModulePlaces = createFrontendModule({
  pluginId: 'cluster-auth',
  extensions: [getAccessCard, userSettings],
});

export const kubernetesContent = kubernetesPlugin
  .getExtension('entity-content:kubernetes/kubernetes')
  .override({
    *factory(originalFactory) {
      const stock = originalFactory();
      yield* stock;
      yield coreExtensionData.reactElement(
        <KubernetesAccess>
          {stock.get(coreExtensionData.reactElement)}
        </KubernetesAccess>,
      );
    },
  });

/**
 * Adds the auth provider `clusterauth` to the Kubernetes plugin, and to its tab a line for each cluster without a login. It is a module of
 * that plugin, since only its own modules can replace a plugin's extensions.
 *
 * @public
 */
export const kubernetesModuleClusterAuth = createFrontendModule({
  pluginId: 'kubernetes',
  extensions: [
    ApiBlueprint.make({
      name: 'auth-providers',
      params: define => define(kubernetesAuthProvidersApiFactory),
    }),
    ApiBlueprint.make({
      params: define => define(kubernetesApiFactory),
    }),
    kubernetesContent,
  ],
});
