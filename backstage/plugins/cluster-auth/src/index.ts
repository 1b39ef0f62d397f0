/**
 * "Get K8s access": a card, a page, a dialog and the Kubernetes auth provider `clusterauth`, for Backstage's frontend system.
 * The legacy frontend system has `@backstage-oidc-helper/plugin-cluster-auth/legacy`.
 *
 * @packageDocumentation
 */
import { createFrontendFeatureLoader } from '@backstage/frontend-plugin-api';

import {
  clusterAuthModulePlaces,
  clusterAuthPlugin,
  kubernetesModuleClusterAuth,
} from './plugin';

export {
  clusterAuthModulePlaces,
  clusterAuthPlugin,
  kubernetesModuleClusterAuth,
};

/**
 * The whole plugin as one feature.
 *
 * @public
 */
export default createFrontendFeatureLoader({
  loader: () => [
    clusterAuthPlugin,
    clusterAuthModulePlaces,
    kubernetesModuleClusterAuth,
  ],
});
