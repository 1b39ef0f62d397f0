import type { KubernetesRequestBody } from '@backstage/plugin-kubernetes-common';
import type { KubernetesAuthProvidersApi } from '@backstage/plugin-kubernetes-react';

import type { LoginPrompt } from './LoginPrompt';

/** The auth provider of clusters that people reach by a login of their own. */
export const CLUSTER_AUTH_PROVIDER = 'clusterauth';

/** Knows `clusterauth`, for which no token ever comes to the browser, and leaves all others to Backstage's own. */
export class ClusterAuthKubernetesAuthProviders
  implements KubernetesAuthProvidersApi
{
  constructor(
    private readonly stock: KubernetesAuthProvidersApi,
    private readonly loginPrompt: LoginPrompt,
  ) {}

  async decorateRequestBodyForAuth(
    authProvider: string,
    requestBody: KubernetesRequestBody,
  ): Promise<KubernetesRequestBody> {
    if (authProvider !== CLUSTER_AUTH_PROVIDER) {
      return this.stock.decorateRequestBodyForAuth(authProvider, requestBody);
    }
    // Not waited for: the other clusters show meanwhile.
    this.loginPrompt.askWhereNotConnected();
    return requestBody;
  }

  async getCredentials(authProvider: string): Promise<{ token?: string }> {
    return authProvider === CLUSTER_AUTH_PROVIDER
      ? {}
      : this.stock.getCredentials(authProvider);
  }
}
