import {
  ApiBlueprint,
  AppRootElementBlueprint,
  PageBlueprint,
  SubPageBlueprint,
  createFrontendModule,
  createFrontendPlugin,
  createRouteRef,
} from '@backstage/frontend-plugin-api';
import { EntityCardBlueprint } from '@backstage/plugin-catalog-react/alpha';
import {
  KUBERNETES_ANNOTATION,
  KUBERNETES_LABEL_SELECTOR_QUERY_ANNOTATION,
} from '@backstage/plugin-kubernetes-common';
import VpnKeyIcon from '@material-ui/icons/VpnKey';

import {
  clusterAuthApiFactory,
  clusterStatusApiFactory,
  loginApiFactory,
} from './apis';
import { LoginDialog } from './components/LoginDialog';
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
      import('./components/ClustersPage').then(m => <m.ClustersContent />),
  },
});

const getAccessCard = EntityCardBlueprint.make({
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
      import('./components/ClustersPage').then(m => <m.ClustersContent />),
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
    loginApi,
    loginDialog,
    clustersPage,
    getAccessCard,
    userSettings,
  ],
});

/**
 * Adds the auth provider `clusterauth` to the Kubernetes plugin. It is a module of that plugin, since only its own modules can replace
 * a plugin's API.
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
  ],
});
