/** Where the identity provider's endpoints are, as at Auth0. */
export const ENDPOINT_PATHS = /** @type {const} */ ({
  authorize: '/authorize',
  token: '/oauth/token',
  revocation: '/oauth/revoke',
  userinfo: '/userinfo',
  jwks: '/.well-known/jwks.json',
  discovery: '/.well-known/openid-configuration',
});

/**
 * @param {string} path without a query
 * @returns {string} the endpoint's name, or `other`
 */
export function endpointAt(path) {
  return Object.entries(ENDPOINT_PATHS).find(([, known]) => known === path)?.[0] ?? 'other';
}
