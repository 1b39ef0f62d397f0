import { NotAllowedError, ServiceUnavailableError } from '@backstage/errors';
import type {
  AuthenticationStrategy,
  AuthMetadata,
  ClusterDetails,
  KubernetesCredential,
} from '@backstage/plugin-kubernetes-node';
import type { Absences } from './Absences';
import type { Caller, Callers } from './Callers';
import type { ClusterAuthClient } from './ClusterAuthClient';
import type { Explanations } from './Explanations';
import { NoToken } from './NoToken';
import type { Troubles } from './Troubles';

/** What the page sends along, as `auth` of its request. */
type RequestAuth = Parameters<AuthenticationStrategy['getCredential']>[1];

/** In a cluster's `authMetadata`: its name at the cluster-auth backend, if that differs from its name in Backstage. */
const CLUSTER_NAME = 'clusterAuthCluster';

/** Makes requests to a cluster as the user of the current request. */
export class ClusterAuthStrategy implements AuthenticationStrategy {
  readonly #absences: Absences;
  readonly #callers: Callers;
  readonly #client: ClusterAuthClient;
  readonly #explanations: Explanations;
  readonly #troubles: Troubles;

  constructor(options: {
    absences: Absences;
    callers: Callers;
    client: ClusterAuthClient;
    explanations: Explanations;
    troubles: Troubles;
  }) {
    this.#absences = options.absences;
    this.#callers = options.callers;
    this.#client = options.client;
    this.#explanations = options.explanations;
    this.#troubles = options.troubles;
  }

  /**
   * The user's ID token, or an explanation in its place: Backstage asks many clusters at once, and an error that is thrown here would
   * fail the others, too. The proxy asks only one, so there the explanation is thrown.
   */
  async getCredential(
    cluster: ClusterDetails,
    requestAuth: RequestAuth,
  ): Promise<KubernetesCredential> {
    const caller = this.#callers.current();
    try {
      const token = await this.#tokenOf(caller, cluster, requestAuth);
      return { type: 'bearer token', token };
    } catch (error) {
      const noToken = asNoToken(error, cluster);
      this.#troubles.log(
        noToken,
        cluster.name,
        caller?.user?.principal.userEntityRef,
      );
      if (caller?.route === 'proxy') {
        throw forTheProxy(noToken);
      }
      const { code, message } = noToken;
      return this.#explanations.inPlaceOfCredential({
        cluster: nameAtBackend(cluster),
        code,
        message,
      });
    }
  }

  validateCluster(authMetadata: AuthMetadata): Error[] {
    const name: unknown = authMetadata[CLUSTER_NAME];
    return name === undefined || (typeof name === 'string' && name !== '')
      ? []
      : [
          new Error(
            `authMetadata.${CLUSTER_NAME} must be the cluster's name at the cluster-auth backend; write it, or leave it out where the names are the same`,
          ),
        ];
  }

  presentAuthMetadata(): AuthMetadata {
    return {};
  }

  async #tokenOf(
    caller: Caller | undefined,
    cluster: ClusterDetails,
    requestAuth: RequestAuth,
  ): Promise<string> {
    if (!caller?.user) {
      throw new NoToken(
        `${cluster.name} can only be asked as a signed-in user: sign in, or give requests without a user an entry of their own with a service account.`,
        { code: 'not_signed_in', status: 401 },
      );
    }
    const name = nameAtBackend(cluster);
    const user = caller.user.principal.userEntityRef;
    const absence = this.#absences.recent(user, name, {
      connected: knownToBeConnected(requestAuth, name),
    });
    // The proxy's requests are clicks, not polls.
    if (absence && caller.route !== 'proxy') {
      throw absence;
    }
    try {
      const token = await (caller.route === 'proxy'
        ? this.#client.token(name, caller.user)
        : this.#client.token(name, caller.user, this.#callers.patience()));
      this.#absences.forget(user, name);
      return token;
    } catch (error) {
      if (error instanceof NoToken) {
        this.#absences.remember(user, name, error);
      }
      throw error;
    }
  }
}

/** Whether the page that asks knows of a login: `auth.clusterauth.connected`, which the app's plugin adds to its requests. */
function knownToBeConnected(requestAuth: RequestAuth, name: string): boolean {
  const page = requestAuth?.clusterauth;
  return (
    typeof page === 'object' &&
    page !== null &&
    !Array.isArray(page) &&
    Array.isArray(page.connected) &&
    page.connected.includes(name)
  );
}

function nameAtBackend({ name, authMetadata }: ClusterDetails): string {
  return authMetadata[CLUSTER_NAME] ?? name;
}

function asNoToken(error: unknown, cluster: ClusterDetails): NoToken {
  return error instanceof NoToken
    ? error
    : new NoToken(
        `Your access to ${cluster.name} cannot be looked up: try again, and if it lasts tell the admin of this Backstage.`,
        { cause: error },
      );
}

/** 403 if the user has to do something first, 503 if a retry may help. */
function forTheProxy(error: NoToken): Error {
  return error.status !== undefined && error.status < 500
    ? new NotAllowedError(error.message)
    : new ServiceUnavailableError(error.message);
}
