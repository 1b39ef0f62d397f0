import type {
  AuthService,
  BackstageCredentials,
  BackstageUserPrincipal,
  DiscoveryService,
  RootConfigService,
} from '@backstage/backend-plugin-api';
import { ResponseError } from '@backstage/errors';
import { type Clock, systemClock } from './clock';
import { NoToken } from './NoToken';

/** A refresh that takes longer goes on at the backend, and the next request finds its token. */
const TIMEOUT_MS = 3_000;

/** A client of the cluster-auth backend for a plugin that acts for users. */
export class ClusterAuthClient {
  readonly #baseUrl: () => Promise<string>;
  readonly #auth: AuthService;
  readonly #clock: Clock;
  /** The page asks for all clusters in one request: for each one more token would be signed here, and verified at the backend. */
  readonly #requestTokens = new WeakMap<
    BackstageCredentials,
    Promise<{ token: string }>
  >();

  constructor(options: {
    baseUrl: () => Promise<string>;
    auth: AuthService;
    clock?: Clock;
  }) {
    this.#baseUrl = options.baseUrl;
    this.#auth = options.auth;
    this.#clock = options.clock ?? systemClock;
  }

  /** At `clusterAuth.backendUrl`, which saves a hop, or else at the address of discovery. */
  static fromConfig(
    config: RootConfigService,
    services: { auth: AuthService; discovery: DiscoveryService; clock?: Clock },
  ): ClusterAuthClient {
    const url = config.getOptionalString('clusterAuth.backendUrl');
    const direct = url && `${url.replace(/\/+$/, '')}/api/cluster-auth`;
    return new ClusterAuthClient({
      auth: services.auth,
      clock: services.clock,
      baseUrl: async () =>
        direct || services.discovery.getBaseUrl('cluster-auth'),
    });
  }

  /**
   * A valid ID token of the user for a cluster.
   *
   * @param cluster - its name at the cluster-auth backend
   * @param milliseconds - how long to wait for it, three seconds at most
   * @throws {@link NoToken}
   */
  async token(
    cluster: string,
    user: BackstageCredentials<BackstageUserPrincipal>,
    milliseconds: number = TIMEOUT_MS,
  ): Promise<string> {
    const { response, body } = await this.#ask(
      cluster,
      user,
      Math.min(milliseconds, TIMEOUT_MS),
    ).catch(cause => {
      throw new NoToken(
        `Your access to ${cluster} cannot be looked up because the cluster-auth backend does not answer: try again in a minute, and if it lasts tell the admin of this Backstage.`,
        { cause },
      );
    });
    if (!response.ok) {
      throw await refusal(cluster, new Response(body, response));
    }
    const token = tokenIn(body);
    if (token === undefined) {
      throw new NoToken(
        `What answered for ${cluster} is no cluster-auth backend: tell the admin of this Backstage to check clusterAuth.backendUrl.`,
        {},
      );
    }
    return token;
  }

  /** The whole answer, or an error when the time is over, whatever takes it. */
  async #ask(
    cluster: string,
    user: BackstageCredentials<BackstageUserPrincipal>,
    milliseconds: number,
  ): Promise<{ response: Response; body: string }> {
    const deadline = new AbortController();
    const over = new Promise<never>((_, reject) => {
      deadline.signal.addEventListener('abort', () =>
        reject(deadline.signal.reason),
      );
    });
    const cancel = this.#clock.after(milliseconds, () => deadline.abort());
    try {
      return await Promise.race([
        this.#call(cluster, user, deadline.signal),
        over,
      ]);
    } finally {
      cancel();
    }
  }

  async #call(
    cluster: string,
    user: BackstageCredentials<BackstageUserPrincipal>,
    signal: AbortSignal,
  ): Promise<{ response: Response; body: string }> {
    const { token } = await this.#requestToken(user);
    const url = `${await this.#baseUrl()}/token?cluster=${encodeURIComponent(
      cluster,
    )}`;
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${token}` },
      redirect: 'error',
      signal,
    });
    return { response, body: await response.text() };
  }

  /** Credentials are those of one request, and so is their token. */
  #requestToken(user: BackstageCredentials): Promise<{ token: string }> {
    const known = this.#requestTokens.get(user);
    if (known) {
      return known;
    }
    const signed = this.#auth.getPluginRequestToken({
      onBehalfOf: user,
      targetPluginId: 'cluster-auth',
    });
    this.#requestTokens.set(user, signed);
    signed.catch(() => this.#requestTokens.delete(user));
    return signed;
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

function tokenIn(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return hasToken(parsed) ? parsed.token : undefined;
  } catch {
    return undefined;
  }
}

function hasToken(body: unknown): body is { token: string } {
  return (
    typeof body === 'object' &&
    body !== null &&
    'token' in body &&
    typeof body.token === 'string'
  );
}
