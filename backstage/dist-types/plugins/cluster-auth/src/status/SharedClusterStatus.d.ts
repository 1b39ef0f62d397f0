import type { ClusterAuthApi } from '../api/ClusterAuthApi';
import { SettableValue } from '../LiveValue';
import type { ClusterStatusApi, KnownStatus } from './ClusterStatusApi';
/** One answer for all who ask at the same time; who asks while an older question is under way gets a newer answer. */
export declare class SharedClusterStatus implements ClusterStatusApi {
    private readonly clusterAuthApi;
    readonly known: SettableValue<KnownStatus>;
    private running?;
    private next?;
    constructor(clusterAuthApi: ClusterAuthApi);
    refresh(): Promise<KnownStatus>;
    private begin;
    private ask;
}
