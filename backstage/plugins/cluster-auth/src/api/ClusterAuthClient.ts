import { ResponseError } from '@backstage/errors';
import type { DiscoveryApi, FetchApi } from '@backstage/frontend-plugin-api';

import type {
  ClusterAuthApi,
  Disconnected,
  Session,
  SessionProgress,
  Status,
} from './ClusterAuthApi';

/** 32 random bytes, base64url without padding. */
const SESSION_TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** Calls the backend as the signed-in user, or with a session token if the call is about a session. */
export class ClusterAuthClient implements ClusterAuthApi {
  constructor(
    private readonly options: {
      discoveryApi: DiscoveryApi;
      /** Adds the user's Backstage token. */
      fetchApi: FetchApi;
      /** Adds nothing: for calls that carry a session token instead. */
      fetch: typeof fetch;
    },
  ) {}

  getStatus(): Promise<Status> {
    return this.asUser('/status');
  }

  async register(request: {
    cluster?: string;
    returnTo?: string;
  }): Promise<Session> {
    const answer = await this.asUser<Session>('/register', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(request),
    });
    // The answer also holds authUrl, which is only for the helper and is not kept.
    const { sessionToken, user, cluster, expiresAt } = answer;
    // It becomes part of a command that users paste.
    if (!SESSION_TOKEN.test(sessionToken)) {
      throw new Error(
        'The cluster-auth backend answered with something that is no session token: tell the operator of this Backstage.',
      );
    }
    return { sessionToken, user, cluster, expiresAt };
  }

  async getSession(
    sessionToken: string,
    options: { wait: number; signal: AbortSignal },
  ): Promise<SessionProgress> {
    const response = await this.asSession(
      `/session?wait=${options.wait}`,
      sessionToken,
      { signal: options.signal, cache: 'no-store' },
    );
    const { status, user, cluster, expiresAt, error } =
      await read<SessionProgress>(response);
    return { status, user, cluster, expiresAt, error };
  }

  async cancel(
    sessionToken: string,
    options: { signal?: AbortSignal; keepalive?: boolean },
  ): Promise<'cancelled' | 'exchanging'> {
    const init = { method: 'DELETE', ...options };
    const { status } = await this.asSession('/session', sessionToken, init);
    // Whatever else it says, there is nothing more to do. An older backend has no such call, and there the session expires by itself.
    return status === 409 ? 'exchanging' : 'cancelled';
  }

  disconnect(cluster: string): Promise<Disconnected> {
    const query = new URLSearchParams({ cluster });
    return this.asUser(`/tokens?${query}`, { method: 'DELETE' });
  }

  private async url(path: string) {
    const baseUrl = await this.options.discoveryApi.getBaseUrl('cluster-auth');
    return `${baseUrl}${path}`;
  }

  private async asSession(
    path: string,
    sessionToken: string,
    init: RequestInit,
  ): Promise<Response> {
    return this.options.fetch(await this.url(path), {
      ...init,
      credentials: 'omit',
      headers: { Authorization: `Bearer ${sessionToken}` },
    });
  }

  private async asUser<T>(path: string, init?: RequestInit): Promise<T> {
    const url = await this.url(path);
    return read(await this.options.fetchApi.fetch(url, init));
  }
}

async function read<T>(response: Response): Promise<T> {
  if (!response.ok) {
    throw await ResponseError.fromResponse(response);
  }
  return response.json();
}
