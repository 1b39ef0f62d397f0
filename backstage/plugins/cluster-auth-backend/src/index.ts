/**
 * Forwards `/api/cluster-auth` to the Rust backend, for installations that cannot change their ingress.
 *
 * @packageDocumentation
 */
export { clusterAuthPlugin as default } from './plugin';
