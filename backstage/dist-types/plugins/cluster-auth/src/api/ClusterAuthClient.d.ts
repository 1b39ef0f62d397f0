import type { DiscoveryApi, FetchApi } from '@backstage/frontend-plugin-api';
import type { ClusterAuthApi, Disconnected, Info, Session, SessionProgress, Status } from './ClusterAuthApi';
/** Speaks to the backend: as the signed-in user, and with a session token where the call is about a session. */
export declare class ClusterAuthClient implements ClusterAuthApi {
    private readonly options;
    constructor(options: {
        discoveryApi: DiscoveryApi;
        /** Adds the user's Backstage token. */
        fetchApi: FetchApi;
        /** Adds nothing: for calls that carry a session token instead. */
        fetch: typeof fetch;
    });
    getInfo(): Promise<Info>;
    getStatus(): Promise<Status>;
    register(request: {
        cluster?: string;
        returnTo?: string;
    }): Promise<Session>;
    getSession(sessionToken: string, options: {
        wait: number;
        signal: AbortSignal;
    }): Promise<SessionProgress>;
    disconnect(cluster: string): Promise<Disconnected>;
    private url;
    private asUser;
}
