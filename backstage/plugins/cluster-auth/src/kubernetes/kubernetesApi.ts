import {
  createApiFactory,
  discoveryApiRef,
  fetchApiRef,
  oauthRequestApiRef,
} from '@backstage/core-plugin-api';
import {
  kubernetesApiRef,
  kubernetesAuthProvidersApiRef,
} from '@backstage/plugin-kubernetes-react';

import { loginApiRef } from '../login/LoginApi';
import { clusterStatusApiRef } from '../status/ClusterStatusApi';
import { ClusterAuthKubernetesClient } from './ClusterAuthKubernetesClient';
import { entityClustersApiRef } from './EntityClustersApi';
import { LoginPrompt } from './LoginPrompt';

/** The Kubernetes plugin's client, with what the user has to know of clusters without a login. */
export const kubernetesApiFactory = createApiFactory({
  api: kubernetesApiRef,
  deps: {
    clusterStatusApi: clusterStatusApiRef,
    discoveryApi: discoveryApiRef,
    entityClusters: entityClustersApiRef,
    fetchApi: fetchApiRef,
    kubernetesAuthProvidersApi: kubernetesAuthProvidersApiRef,
    loginApi: loginApiRef,
    oauthRequestApi: oauthRequestApiRef,
  },
  factory: ({ clusterStatusApi, loginApi, oauthRequestApi, ...deps }) =>
    new ClusterAuthKubernetesClient({
      ...deps,
      loginPrompt: new LoginPrompt({
        clusterStatusApi,
        loginApi,
        oauthRequestApi,
      }),
    }),
});
