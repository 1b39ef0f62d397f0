import type { KubernetesRequestBody } from '@backstage/plugin-kubernetes-common';
import type { KubernetesAuthProvidersApi } from '@backstage/plugin-kubernetes-react';

import type { LoginPrompt } from './LoginPrompt';

/** The auth provider of clusters that users reach with their own logins. */
export const CLUSTER_AUTH_PROVIDER = 'clusterauth';

/** Handles `clusterauth`, which sends no token to the browser, and delegates all others to Backstage's own. */
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
    // Not awaited, so that the other clusters are shown meanwhile.
    this.loginPrompt.askWhereNotConnected();
    return requestBody;
  }

  async getCredentials(authProvider: string): Promise<{ token?: string }> {
    return authProvider === CLUSTER_AUTH_PROVIDER
      ? {}
      : this.stock.getCredentials(authProvider);
  }
}
