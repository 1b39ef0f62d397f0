import { exportJWK, generateKeyPair } from 'jose';

/** @typedef {import('jose').JWK} JWK */

/** The identity provider's RS256 keys, the one that signs first. */
export class SigningKeys {
  /** @type {JWK[]} */
  #keys = [];
  #made = 0;

  /** @returns {Promise<SigningKeys>} with one key */
  static async generate() {
    const keys = new SigningKeys();
    await keys.rotate('keep');
    return keys;
  }

  /**
   * Signs with a new key, under a new kid, from now on.
   *
   * @param {'keep' | 'drop'} oldKeys whether the keys so far stay published
   */
  async rotate(oldKeys) {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    this.#made += 1;
    const key = { ...(await exportJWK(privateKey)), kid: `dev-${this.#made}`, use: 'sig', alg: 'RS256' };
    this.#keys = oldKeys === 'keep' ? [key, ...this.#keys] : [key];
  }

  /** @returns {{ keys: JWK[] }} private keys included */
  jwks() {
    return { keys: [...this.#keys] };
  }
}
