import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

/**
 * @typedef {object} User
 * @property {string} name the e-mail address, or what another claim says
 * @property {string[]} groups
 */

/** How long to wait for an issuer's answer, in milliseconds. */
const DISCOVERY_TIMEOUT_MS = 5000;

/**
 * Users by their ID tokens, as an API server with `--oidc-username-claim` and `--oidc-groups-claim=group` knows them.
 */
export class Authenticator {
  #issuer;
  #clientId;
  #usernameClaim;
  #log;
  /** @type {ReturnType<typeof createRemoteJWKSet> | undefined} */
  #keys;

  /**
   * @param {object} options
   * @param {string} options.issuer
   * @param {string} options.clientId
   * @param {string} [options.usernameClaim]
   * @param {(line: string) => void} options.log
   */
  constructor({ issuer, clientId, usernameClaim = 'email', log }) {
    this.#issuer = issuer;
    this.#clientId = clientId;
    this.#usernameClaim = usernameClaim;
    this.#log = log;
  }

  /**
   * @param {string | undefined} authorization the header
   * @returns {Promise<User | undefined>} undefined is a 401
   */
  async authenticate(authorization) {
    const token = /^Bearer +([^ ]+) *$/i.exec(authorization ?? '')?.[1];
    if (!token) {
      return undefined;
    }
    try {
      const { payload } = await jwtVerify(token, await this.#keySet(), {
        issuer: this.#issuer,
        audience: this.#clientId,
        algorithms: ['RS256'],
        requiredClaims: ['exp'],
      });
      return userOf(payload, this.#usernameClaim);
    } catch (error) {
      // The message of a jose error names the claim, never the token.
      this.#log(`refused a token: ${error instanceof Error ? error.message : error}`);
      return undefined;
    }
  }

  async #keySet() {
    if (!this.#keys) {
      const discovery = `${this.#issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
      const answer = await fetch(discovery, { signal: AbortSignal.timeout(DISCOVERY_TIMEOUT_MS) });
      const { jwks_uri: jwksUri } = /** @type {{jwks_uri?: string}} */ (await answer.json());
      if (!jwksUri) {
        throw new Error(`${discovery} names no jwks_uri; start the identity provider first.`);
      }
      // Keys rotate within a test: an unknown kid is looked up immediately, not after jose's 30 seconds.
      this.#keys = createRemoteJWKSet(new URL(jwksUri), { cooldownDuration: 0 });
    }
    return this.#keys;
  }
}

/**
 * @param {import('jose').JWTPayload} claims
 * @param {string} usernameClaim
 * @returns {User}
 */
function userOf(claims, usernameClaim) {
  const { [usernameClaim]: name, group } = claims;
  if (typeof name !== 'string') {
    const missing = `oidc: parse username claims "${usernameClaim}": claim not present`;
    throw new errors.JWTClaimValidationFailed(missing, claims, usernameClaim);
  }
  if (usernameClaim === 'email' && 'email_verified' in claims && claims['email_verified'] !== true) {
    throw new errors.JWTClaimValidationFailed('oidc: email not verified', claims, 'email_verified');
  }
  const groups = (Array.isArray(group) ? group : [group]).filter((one) => typeof one === 'string');
  return { name, groups: [...groups, 'system:authenticated'] };
}
