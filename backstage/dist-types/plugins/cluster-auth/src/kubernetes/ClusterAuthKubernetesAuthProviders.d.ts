import type { KubernetesRequestBody } from '@backstage/plugin-kubernetes-common';
import type { KubernetesAuthProvidersApi } from '@backstage/plugin-kubernetes-react';
import type { LoginPrompt } from './LoginPrompt';
/** The auth provider of clusters that people reach by a login of their own. */
export declare const CLUSTER_AUTH_PROVIDER = "clusterauth";
/** Knows `clusterauth`, for which no token ever comes to the browser, and leaves all others to Backstage's own. */
export declare class ClusterAuthKubernetesAuthProviders implements KubernetesAuthProvidersApi {
    private readonly stock;
    private readonly loginPrompt;
    constructor(stock: KubernetesAuthProvidersApi, loginPrompt: LoginPrompt);
    decorateRequestBodyForAuth(authProvider: string, requestBody: KubernetesRequestBody): Promise<KubernetesRequestBody>;
    getCredentials(authProvider: string): Promise<{
        token?: string;
    }>;
}
