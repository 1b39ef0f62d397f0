/** How often each endpoint was asked since the start or the last reset; a request counts when it arrives. */
export class RequestCounts {
  #counts = noRequests();

  /**
   * @param {string} endpoint others than those counted are ignored
   * @param {string | null} grantType of a token request
   */
  add(endpoint, grantType) {
    const counts = this.#counts;
    if (endpoint === 'token') {
      if (grantType === 'authorization_code' || grantType === 'refresh_token') {
        counts.token[grantType] += 1;
      }
    } else if (endpoint === 'authorize' || endpoint === 'jwks' || endpoint === 'discovery' || endpoint === 'revocation') {
      counts[endpoint] += 1;
    }
  }

  toJSON() {
    return this.#counts;
  }

  clear() {
    this.#counts = noRequests();
  }
}

function noRequests() {
  return { token: { authorization_code: 0, refresh_token: 0 }, authorize: 0, jwks: 0, discovery: 0, revocation: 0 };
}
