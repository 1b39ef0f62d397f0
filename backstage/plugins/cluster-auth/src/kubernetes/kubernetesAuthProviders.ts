import {
  createApiFactory,
  gitlabAuthApiRef,
  googleAuthApiRef,
  microsoftAuthApiRef,
  oktaAuthApiRef,
  oneloginAuthApiRef,
} from '@backstage/core-plugin-api';
import {
  KubernetesAuthProviders,
  kubernetesAuthProvidersApiRef,
} from '@backstage/plugin-kubernetes-react';

import { clusterStatusApiRef } from '../status/ClusterStatusApi';
import { ClusterAuthKubernetesAuthProviders } from './ClusterAuthKubernetesAuthProviders';

/**
 * Backstage's own Kubernetes auth providers and `clusterauth`.
 *
 * @public
 */
export const kubernetesAuthProvidersApiFactory = createApiFactory({
  api: kubernetesAuthProvidersApiRef,
  deps: {
    clusterStatusApi: clusterStatusApiRef,
    gitlabAuthApi: gitlabAuthApiRef,
    googleAuthApi: googleAuthApiRef,
    microsoftAuthApi: microsoftAuthApiRef,
    oktaAuthApi: oktaAuthApiRef,
    oneloginAuthApi: oneloginAuthApiRef,
  },
  factory: deps => {
    // As in plugin-kubernetes.
    const stock = new KubernetesAuthProviders({
      microsoftAuthApi: deps.microsoftAuthApi,
      googleAuthApi: deps.googleAuthApi,
      oidcProviders: {
        gitlab: deps.gitlabAuthApi,
        google: deps.googleAuthApi,
        microsoft: deps.microsoftAuthApi,
        okta: deps.oktaAuthApi,
        onelogin: deps.oneloginAuthApi,
      },
    });
    return new ClusterAuthKubernetesAuthProviders(stock, deps.clusterStatusApi);
  },
});
