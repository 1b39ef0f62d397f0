import type { ClusterAuthApi, Session } from '../api/ClusterAuthApi';
import type { Clock } from '../clock';
import type { LoginState, OpenLogin } from './LoginState';
/** How it ended. */
type End = Extract<LoginState, {
    step: 'complete' | 'failed';
}>;
interface Following {
    clusterAuthApi: ClusterAuthApi;
    clock: Clock;
    signal: AbortSignal;
    onProgress(change: Pick<OpenLogin, 'backend'> & Partial<OpenLogin>): void;
}
/** Follows a session until it ends, also while the backend is away; nothing is answered once the signal is aborted. */
export declare function followSession(session: Session, following: Following): Promise<End | undefined>;
export {};
