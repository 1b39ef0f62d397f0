import type { ClusterStatus } from '../api/ClusterAuthApi';
/** Whether one is connected, as whom and until when. */
export declare function clusterSentence(cluster: ClusterStatus, now: number): string;
