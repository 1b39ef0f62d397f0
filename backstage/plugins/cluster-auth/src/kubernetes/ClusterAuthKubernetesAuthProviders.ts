import type { KubernetesRequestBody } from '@backstage/plugin-kubernetes-common';
import type { KubernetesAuthProvidersApi } from '@backstage/plugin-kubernetes-react';

import type { ClusterStatusApi } from '../status/ClusterStatusApi';

/** The auth provider of clusters that users reach with their own logins. */
export const CLUSTER_AUTH_PROVIDER = 'clusterauth';

/** Handles `clusterauth`, which sends no token to the browser, and delegates all others to Backstage's own. */
export class ClusterAuthKubernetesAuthProviders
  implements KubernetesAuthProvidersApi
{
  constructor(
    private readonly stock: KubernetesAuthProvidersApi,
    private readonly clusterStatusApi: ClusterStatusApi,
  ) {}

  async decorateRequestBodyForAuth(
    authProvider: string,
    requestBody: KubernetesRequestBody,
  ): Promise<KubernetesRequestBody> {
    return authProvider === CLUSTER_AUTH_PROVIDER
      ? this.withKnownLogins(requestBody)
      : this.stock.decorateRequestBodyForAuth(authProvider, requestBody);
  }

  /** Backstage's backend remembers for some seconds that there was no login; this says that there is one now. */
  private withKnownLogins(
    requestBody: KubernetesRequestBody,
  ): KubernetesRequestBody {
    const connected = this.clusterStatusApi.known
      .get()
      .status?.clusters.filter(cluster => cluster.connected)
      .map(cluster => cluster.name);
    return connected?.length
      ? {
          ...requestBody,
          auth: { ...requestBody.auth, [CLUSTER_AUTH_PROVIDER]: { connected } },
        }
      : requestBody;
  }

  async getCredentials(authProvider: string): Promise<{ token?: string }> {
    return authProvider === CLUSTER_AUTH_PROVIDER
      ? {}
      : this.stock.getCredentials(authProvider);
  }
}
