/**
 * How a provider differs from the plain one: what is added to its documents and answers, or taken out of them where the value is null.
 *
 * @typedef {object} Profile
 * @property {number} [idTokenSeconds] how long ID tokens live, until a command says otherwise
 * @property {Record<string, unknown>} [discovery] of the discovery document
 * @property {Record<string, unknown>} [tokens] of each token response
 * @property {Record<string, unknown>} [refreshed] of those after a refresh, beside `tokens`
 * @property {Record<string, unknown>} [claims] of each ID token
 * @property {Record<string, unknown>} [refreshedClaims] of those after a refresh, beside `claims`
 * @property {{ algorithm?: string, kid?: null, published?: 'alone' | 'among others' }} [keys] what ID tokens are signed with
 * @property {{ status?: number, contentType?: string, body?: Record<string, unknown> }} [userinfo] its answer; without it there is no endpoint
 * @property {ClientCheck} [client] what token requests have to show
 * @property {boolean} [redirectIssuer] whether the redirect names the issuer (RFC 9207)
 * @property {Record<string, string>} [redirect] what the browser comes back with instead of a code
 */

/**
 * @typedef {object} ClientCheck
 * @property {'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'} [method]
 * @property {string | string[]} [secret] several while a client changes its own
 * @property {string} [publicKey] PEM, of `private_key_jwt`
 * @property {string} [origin] the `Origin` without which it is refused
 */

/**
 * @template {Record<string, unknown>} T
 * @param {T} plain
 * @param {Array<Record<string, unknown> | undefined>} changes the later ones win
 * @returns {T}
 */
export function changed(plain, ...changes) {
  const all = Object.assign({}, plain, ...changes);
  return /** @type {T} */ (Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)));
}
