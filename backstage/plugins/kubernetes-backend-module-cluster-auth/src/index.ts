/**
 * Uses Kubernetes as the signed-in user: the auth strategy `clusterauth` for the Kubernetes backend of Backstage.
 *
 * @packageDocumentation
 */
export { kubernetesModuleClusterAuth as default } from './module';
