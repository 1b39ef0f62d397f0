import { ClusterAuthKubernetesAuthProviders } from './ClusterAuthKubernetesAuthProviders';
/**
 * Backstage's own Kubernetes auth providers, and `clusterauth` beside them.
 *
 * @public
 */
export declare const kubernetesAuthProvidersApiFactory: import("@backstage/frontend-plugin-api").ApiFactory<import("@backstage/plugin-kubernetes-react").KubernetesAuthProvidersApi, ClusterAuthKubernetesAuthProviders, {
    clusterStatusApi: import("../status/ClusterStatusApi").ClusterStatusApi;
    loginApi: import("../login/LoginApi").LoginApi;
    oauthRequestApi: import("@backstage/frontend-plugin-api").OAuthRequestApi;
    gitlabAuthApi: import("@backstage/frontend-plugin-api").OAuthApi & import("@backstage/frontend-plugin-api").OpenIdConnectApi & import("@backstage/frontend-plugin-api").ProfileInfoApi & import("@backstage/frontend-plugin-api").BackstageIdentityApi & import("@backstage/frontend-plugin-api").SessionApi;
    googleAuthApi: import("@backstage/frontend-plugin-api").OAuthApi & import("@backstage/frontend-plugin-api").OpenIdConnectApi & import("@backstage/frontend-plugin-api").ProfileInfoApi & import("@backstage/frontend-plugin-api").BackstageIdentityApi & import("@backstage/frontend-plugin-api").SessionApi;
    microsoftAuthApi: import("@backstage/frontend-plugin-api").OAuthApi & import("@backstage/frontend-plugin-api").OpenIdConnectApi & import("@backstage/frontend-plugin-api").ProfileInfoApi & import("@backstage/frontend-plugin-api").BackstageIdentityApi & import("@backstage/frontend-plugin-api").SessionApi;
    oktaAuthApi: import("@backstage/frontend-plugin-api").OAuthApi & import("@backstage/frontend-plugin-api").OpenIdConnectApi & import("@backstage/frontend-plugin-api").ProfileInfoApi & import("@backstage/frontend-plugin-api").BackstageIdentityApi & import("@backstage/frontend-plugin-api").SessionApi;
    oneloginAuthApi: import("@backstage/frontend-plugin-api").OAuthApi & import("@backstage/frontend-plugin-api").OpenIdConnectApi & import("@backstage/frontend-plugin-api").ProfileInfoApi & import("@backstage/frontend-plugin-api").BackstageIdentityApi & import("@backstage/frontend-plugin-api").SessionApi;
}>;
