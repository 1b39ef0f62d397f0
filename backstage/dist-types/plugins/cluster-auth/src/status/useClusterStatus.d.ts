import { KnownStatus } from './ClusterStatusApi';
/** The user's clusters: asked for when the component appears, and when the person comes back to this tab. */
export declare function useClusterStatus(): KnownStatus;
