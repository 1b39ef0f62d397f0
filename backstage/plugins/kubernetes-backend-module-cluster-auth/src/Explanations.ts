import type { KubernetesCredential } from '@backstage/plugin-kubernetes-node';

/** A credential for Kubernetes. */
export type BearerToken = Extract<
  KubernetesCredential,
  { type: 'bearer token' }
>;

/** Why a cluster is not asked. */
export interface Explanation {
  /** The cluster's name at the cluster-auth backend. */
  cluster: string;
  /** The stable code, such as `not_connected`; none if the backend did not answer. */
  code?: string;
  /** A sentence for the user, with the next step. */
  message: string;
}

/** Explanations in the place of credentials, since a strategy that throws makes all other clusters fail. */
export class Explanations {
  readonly #explanations = new WeakMap<KubernetesCredential, Explanation>();

  /** A credential that no cluster accepts, for this explanation. */
  inPlaceOfCredential(explanation: Explanation): BearerToken {
    const credential: BearerToken = {
      type: 'bearer token',
      token: 'not-connected',
    };
    this.#explanations.set(credential, explanation);
    return credential;
  }

  /** The explanation of such a credential; none for a real one. */
  of(credential: KubernetesCredential): Explanation | undefined {
    return this.#explanations.get(credential);
  }
}
