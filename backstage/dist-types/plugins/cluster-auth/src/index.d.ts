import { clusterAuthPlugin, kubernetesModuleClusterAuth } from './plugin';
export { clusterAuthPlugin, kubernetesModuleClusterAuth };
/**
 * All of it, as one feature to install.
 *
 * @public
 */
declare const _default: import("@backstage/frontend-plugin-api").FrontendFeatureLoader;
export default _default;
