import type {
  AuthService,
  BackstageCredentials,
  BackstageUserPrincipal,
  DiscoveryService,
  RootConfigService,
} from '@backstage/backend-plugin-api';
import { ResponseError } from '@backstage/errors';

/** Long enough for a refresh at the identity provider. */
const PATIENCE_MS = 15_000;

/** Why there is no token; the message is a sentence for the user that names the next step. */
export class NoToken extends Error {
  /** The code, such as `not_connected`, as in docs/errors.md; none without an answer. */
  readonly code?: string;
  /** The status that came with the code. */
  readonly status?: number;

  constructor(
    message: string,
    options: { code?: string; status?: number; cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.name = 'NoToken';
    this.code = options.code;
    this.status = options.status;
  }
}

/** A client of the cluster-auth backend for a plugin that acts for users. */
export class ClusterAuthClient {
  readonly #baseUrl: () => Promise<string>;
  readonly #auth: AuthService;
  readonly #patienceMs: number;

  constructor(options: {
    baseUrl: () => Promise<string>;
    auth: AuthService;
    patienceMs?: number;
  }) {
    this.#baseUrl = options.baseUrl;
    this.#auth = options.auth;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
  }

  /** At `clusterAuth.backendUrl`, which saves a hop, or else at the address of discovery. */
  static fromConfig(
    config: RootConfigService,
    services: { auth: AuthService; discovery: DiscoveryService },
  ): ClusterAuthClient {
    const url = config.getOptionalString('clusterAuth.backendUrl');
    const direct = url && `${url.replace(/\/+$/, '')}/api/cluster-auth`;
    return new ClusterAuthClient({
      auth: services.auth,
      baseUrl: async () =>
        direct || services.discovery.getBaseUrl('cluster-auth'),
    });
  }

  /**
   * A valid ID token of the user for a cluster.
   *
   * @param cluster - its name at the cluster-auth backend
   * @throws {@link NoToken}
   */
  async token(
    cluster: string,
    user: BackstageCredentials<BackstageUserPrincipal>,
  ): Promise<string> {
    const response = await this.#ask(cluster, user).catch(cause => {
      throw new NoToken(
        `Your access to ${cluster} cannot be looked up because the cluster-auth backend does not answer: try again in a minute, and if it lasts tell the admin of this Backstage.`,
        { cause },
      );
    });
    if (!response.ok) {
      throw await refusal(cluster, response);
    }
    const body: unknown = await response.json().catch(() => undefined);
    if (!hasToken(body)) {
      throw new NoToken(
        `What answered for ${cluster} is no cluster-auth backend: tell the admin of this Backstage to check clusterAuth.backendUrl.`,
        {},
      );
    }
    return body.token;
  }

  async #ask(
    cluster: string,
    user: BackstageCredentials<BackstageUserPrincipal>,
  ): Promise<Response> {
    const { token } = await this.#auth.getPluginRequestToken({
      onBehalfOf: user,
      targetPluginId: 'cluster-auth',
    });
    const url = `${await this.#baseUrl()}/token?cluster=${encodeURIComponent(
      cluster,
    )}`;
    return fetch(url, {
      headers: { authorization: `Bearer ${token}` },
      redirect: 'error',
      signal: AbortSignal.timeout(this.#patienceMs),
    });
  }
}

async function refusal(cluster: string, response: Response): Promise<NoToken> {
  const { body } = await ResponseError.fromResponse(response);
  const code =
    typeof body.error.code === 'string' ? body.error.code : undefined;
  const message =
    code === 'not_connected'
      ? `You are not connected to ${cluster}: press "Get K8s access", and your resources appear here.`
      : `${cluster} cannot be asked as you. ${body.error.message}`;
  return new NoToken(message, { code, status: response.status });
}

function hasToken(body: unknown): body is { token: string } {
  return (
    typeof body === 'object' &&
    body !== null &&
    'token' in body &&
    typeof body.token === 'string'
  );
}
