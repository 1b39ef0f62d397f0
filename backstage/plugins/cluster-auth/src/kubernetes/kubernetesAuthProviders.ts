import {
  createApiFactory,
  gitlabAuthApiRef,
  googleAuthApiRef,
  microsoftAuthApiRef,
  oauthRequestApiRef,
  oktaAuthApiRef,
  oneloginAuthApiRef,
} from '@backstage/core-plugin-api';
import {
  KubernetesAuthProviders,
  kubernetesAuthProvidersApiRef,
} from '@backstage/plugin-kubernetes-react';

import { loginApiRef } from '../login/LoginApi';
import { clusterStatusApiRef } from '../status/ClusterStatusApi';
import { ClusterAuthKubernetesAuthProviders } from './ClusterAuthKubernetesAuthProviders';
import { LoginPrompt } from './LoginPrompt';

/**
 * Backstage's own Kubernetes auth providers and `clusterauth`.
 *
 * @public
 */
export const kubernetesAuthProvidersApiFactory = createApiFactory({
  api: kubernetesAuthProvidersApiRef,
  deps: {
    clusterStatusApi: clusterStatusApiRef,
    loginApi: loginApiRef,
    oauthRequestApi: oauthRequestApiRef,
    gitlabAuthApi: gitlabAuthApiRef,
    googleAuthApi: googleAuthApiRef,
    microsoftAuthApi: microsoftAuthApiRef,
    oktaAuthApi: oktaAuthApiRef,
    oneloginAuthApi: oneloginAuthApiRef,
  },
  factory: deps => {
    const { clusterStatusApi, loginApi, oauthRequestApi } = deps;
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
    return new ClusterAuthKubernetesAuthProviders(
      stock,
      new LoginPrompt({ clusterStatusApi, loginApi, oauthRequestApi }),
      clusterStatusApi,
    );
  },
});
