import { createApiRef } from '@backstage/frontend-plugin-api';

/** One cluster as the signed-in user has it. */
export interface ClusterStatus {
  name: string;
  title: string;
  connected: boolean;
  /** The `sub` of the ID token. */
  subject?: string;
  /** When the ID token expires; RFC 3339. */
  expiresAt?: string;
  /** Whether the login outlives its ID token. */
  refreshable: boolean;
  /** Why it is not connected, where more can be said than "never logged in". */
  reason?: string;
}

/** `GET /status`. */
export interface Status {
  user: string;
  clusters: ClusterStatus[];
}

/** A login that has begun. The session token is its key: it is kept in memory only. */
export interface Session {
  sessionToken: string;
  user: string;
  cluster: string;
  /** When the session ends; RFC 3339. */
  expiresAt: string;
}

/** How far a session is: `GET /session`. */
export interface SessionProgress {
  status: 'pending' | 'exchanging' | 'complete' | 'failed' | 'expired';
  user: string;
  cluster: string;
  expiresAt: string;
  error?: { code: string; message: string };
}

/** What came of `DELETE /tokens`. */
export interface Disconnected {
  disconnected: string[];
  /** Those whose tokens the identity provider has not confirmed as revoked yet; that goes on by itself. */
  revocationPending: string[];
}

/** The calls to `/api/cluster-auth`. What is refused throws a `ResponseError` whose body has a stable `code`. */
export interface ClusterAuthApi {
  getStatus(): Promise<Status>;
  /** Begins a login; the cluster may be left out where there is only one. */
  register(request: { cluster?: string; returnTo?: string }): Promise<Session>;
  /** Answers after `wait` seconds, or earlier on a change. */
  getSession(
    sessionToken: string,
    options: { wait: number; signal: AbortSignal },
  ): Promise<SessionProgress>;
  /** Revokes and forgets the login at one cluster. */
  disconnect(cluster: string): Promise<Disconnected>;
}

/** The {@link ClusterAuthApi} of the app. */
export const clusterAuthApiRef = createApiRef<ClusterAuthApi>({
  id: 'plugin.cluster-auth.client',
});
