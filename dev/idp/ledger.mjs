import { appendFileSync } from 'node:fs';

/** @typedef {'code'|'state'|'verifier'|'nonce'|'id_token'|'access_token'|'refresh_token'} SecretKind */

/**
 * A file of every secret that passed through an identity provider, one JSON line `{"kind","value"}` each, with the "client" of
 * a token that was given out, so that a test can search logs, pages and stores for them. Lines are written before the answer that carries the secret goes out.
 */
export class Ledger {
  #file;
  /** @type {Set<string>} */
  #written = new Set();

  /** @param {string | undefined} file no file, no ledger */
  constructor(file) {
    this.#file = file;
  }

  /**
   * @param {SecretKind} kind
   * @param {unknown} value anything but a string that is not empty is ignored, as is a secret already written
   * @param {string} [client] the client that it was given to
   */
  record(kind, value, client) {
    if (!this.#file || typeof value !== 'string' || value === '') {
      return;
    }
    const line = `${JSON.stringify({ kind, value, client })}\n`;
    if (!this.#written.has(line)) {
      this.#written.add(line);
      appendFileSync(this.#file, line, { mode: 0o600 });
    }
  }

  /** @param {{ get(name: string): unknown }} parameters of an authorization request */
  recordAuthorizationRequest(parameters) {
    this.record('state', parameters.get('state'));
    this.record('nonce', parameters.get('nonce'));
  }

  /** @param {URLSearchParams} parameters of a token request */
  recordTokenRequest(parameters) {
    this.record('code', parameters.get('code'));
    this.record('verifier', parameters.get('code_verifier'));
    this.record('refresh_token', parameters.get('refresh_token'));
  }

  /**
   * @param {object} answer of the token endpoint
   * @param {string} [client] the client that asked
   */
  recordTokenAnswer(answer, client) {
    for (const kind of /** @type {const} */ (['id_token', 'access_token', 'refresh_token'])) {
      this.record(kind, Object.getOwnPropertyDescriptor(answer, kind)?.value, client);
    }
  }
}
