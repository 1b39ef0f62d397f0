import { createApiRef } from '@backstage/frontend-plugin-api';

/** One cluster, with the signed-in user's login. */
export interface ClusterStatus {
  name: string;
  title: string;
  connected: boolean;
  /** The `sub` of the ID token. */
  subject?: string;
  /** The `email` of the ID token, if it has one. */
  email?: string;
  /** When the ID token expires; RFC 3339. */
  expiresAt?: string;
  /** When the login cannot be refreshed any more, where the identity provider says so; RFC 3339. */
  loginExpiresAt?: string;
  /** Whether the backend can refresh the login. */
  refreshable: boolean;
  /** Why it is not connected; absent if there never was a login. */
  reason?: string;
  /** What the user should know beside the reason. */
  detail?: string;
}

/** `GET /status`. */
export interface Status {
  user: string;
  clusters: ClusterStatus[];
}

/** A session. Its token is kept in memory only. */
export interface Session {
  sessionToken: string;
  user: string;
  cluster: string;
  /** When the session ends; RFC 3339. */
  expiresAt: string;
}

/** The state of a session: `GET /session`. */
export interface SessionProgress {
  status: 'pending' | 'exchanging' | 'complete' | 'failed' | 'expired';
  user: string;
  cluster: string;
  expiresAt: string;
  error?: { code: string; message: string };
}

/** The result of `DELETE /tokens`. */
export interface Disconnected {
  disconnected: string[];
  /** The clusters with a revocation that the identity provider has not confirmed yet; the backend retries by itself. */
  revocationPending: string[];
  /** The logins that live on at their identity provider, which offers no revocation; absent if there are none. */
  livesOn?: LivesOn[];
}

/** A login that is forgotten by the backend and lives on at its identity provider. */
export interface LivesOn {
  name: string;
  /** RFC 3339; absent where the identity provider does not say it. */
  until?: string;
}

/** The calls to `/api/cluster-auth`. A refusal throws a `ResponseError`, with a stable `code` in its body. */
export interface ClusterAuthApi {
  getStatus(): Promise<Status>;
  /** Begins a session; the cluster may be left out if there is only one. */
  register(request: { cluster?: string; returnTo?: string }): Promise<Session>;
  /** Answers after `wait` seconds, or earlier on a change. */
  getSession(
    sessionToken: string,
    options: { wait: number; signal: AbortSignal },
  ): Promise<SessionProgress>;
  /**
   * Ends a session that is pending, so that it does not count any more. `exchanging`: the user has logged in already, and the login goes
   * on.
   */
  cancel(
    sessionToken: string,
    options: { signal?: AbortSignal; keepalive?: boolean },
  ): Promise<'cancelled' | 'exchanging'>;
  /** Revokes and deletes the login at one cluster. */
  disconnect(cluster: string): Promise<Disconnected>;
}

/** The {@link ClusterAuthApi} of the app. */
export const clusterAuthApiRef = createApiRef<ClusterAuthApi>({
  id: 'plugin.cluster-auth.client',
});
