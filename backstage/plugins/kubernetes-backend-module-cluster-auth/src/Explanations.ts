import type { KubernetesCredential } from '@backstage/plugin-kubernetes-node';

/** A credential for Kubernetes. */
export type BearerToken = Extract<
  KubernetesCredential,
  { type: 'bearer token' }
>;

/** Explanations in the place of credentials, since a strategy that throws makes all other clusters fail. */
export class Explanations {
  readonly #sentences = new WeakMap<KubernetesCredential, string>();

  /** A credential that no cluster accepts, for this sentence. */
  inPlaceOfCredential(sentence: string): BearerToken {
    const credential: BearerToken = {
      type: 'bearer token',
      token: 'not-connected',
    };
    this.#sentences.set(credential, sentence);
    return credential;
  }

  /** The sentence of such a credential; none for a real one. */
  of(credential: KubernetesCredential): string | undefined {
    return this.#sentences.get(credential);
  }
}
