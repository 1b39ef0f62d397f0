import type { KubernetesCredential } from '@backstage/plugin-kubernetes-node';

/** A credential of the kind that Kubernetes is asked with. */
export type BearerToken = Extract<
  KubernetesCredential,
  { type: 'bearer token' }
>;

/** Why there is no credential: stands in its place, since a strategy that throws takes all other clusters down with it. */
export class Explanations {
  readonly #sentences = new WeakMap<KubernetesCredential, string>();

  /** A credential that no cluster accepts, and that this sentence belongs to. */
  inPlaceOfCredential(sentence: string): BearerToken {
    const credential: BearerToken = {
      type: 'bearer token',
      token: 'not-connected',
    };
    this.#sentences.set(credential, sentence);
    return credential;
  }

  /** The sentence, where that is no credential. */
  of(credential: KubernetesCredential): string | undefined {
    return this.#sentences.get(credential);
  }
}
