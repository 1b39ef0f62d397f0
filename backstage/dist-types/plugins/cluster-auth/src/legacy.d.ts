import type { Entity } from '@backstage/catalog-model';
export { kubernetesAuthProvidersApiFactory } from './kubernetes/kubernetesAuthProviders';
/**
 * The plugin.
 *
 * @public
 */
export declare const clusterAuthPlugin: import("@backstage/core-plugin-api").BackstagePlugin<{
    root: import("@backstage/core-plugin-api").RouteRef<undefined>;
}, {}, {}>;
/**
 * The page of clusters, for a route `/cluster-auth`.
 *
 * @public
 */
export declare const ClusterAuthPage: typeof import("./components/ClustersPage").ClustersPage;
/**
 * The card for an entity page.
 *
 * @public
 */
export declare const EntityGetAccessCard: typeof import("./components/GetAccessCard").GetAccessCard;
/**
 * The section of the user's settings, for a `SettingsLayout.Route`.
 *
 * @public
 */
export declare const UserSettingsClusterAuth: typeof import("./components/UserSettingsClusterAuth").UserSettingsClusterAuth;
/**
 * The dialog: stands once in the app's root, beside `OAuthRequestDialog`.
 *
 * @public
 */
export declare const ClusterAuthLoginDialog: typeof import("./components/LoginDialog").LoginDialog;
/**
 * Whether an entity has Kubernetes resources, for `EntitySwitch.Case`.
 *
 * @public
 */
export declare function isGetAccessAvailable(entity: Entity): boolean;
