/** Everything the hostile identity provider can be told to do wrong. */
export const LIES = /** @type {const} */ ([
  // the ID token's claims
  'iss', 'iss_without_slash', 'aud', 'aud_several_without_azp', 'azp', 'nonce_wrong', 'nonce_missing', 'exp', 'exp_missing',
  'iat_future', 'iat_missing', 'at_hash', 'sub_missing', 'sub_other', 'org_id_other', 'org_id_missing', 'email_unverified',
  'email_other_domain', 'email_other_user',
  // its signature and header
  'alg_none', 'hs256_with_public_key', 'foreign_key_known_kid', 'jku', 'crit',
  // the token endpoint's answer
  'token_endpoint_redirects', 'token_endpoint_redirects_302', 'endless_body', 'garbage_token_answer', 'no_id_token',
  'access_token_missing',
  // keys, discovery and the redirect
  'jwks_redirects', 'endless_jwks', 'discovery_redirects', 'discovery_other_issuer', 'callback_iss_wrong',
  'callback_iss_missing',
]);

/** @typedef {typeof LIES[number] | 'none'} Lie `none`: honest */

/**
 * @param {unknown} name
 * @returns {Lie | undefined}
 */
export function lieNamed(name) {
  return name === 'none' ? 'none' : LIES.find((lie) => lie === name);
}
