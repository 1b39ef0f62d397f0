import { createHash } from 'node:crypto';

import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';

import { changed } from './profile.mjs';

/** @typedef {import('./lies.mjs').Lie} Lie */
/** @typedef {import('jose').JWTPayload} JWTPayload */

const HOUR = 3600;
const DAY = 24 * HOUR;
const KID = 'hostile-1';

/** @typedef {import('./profile.mjs').Profile} Profile */

/**
 * @typedef {object} IdTokenRequest
 * @property {string} issuer
 * @property {string} clientId
 * @property {string | undefined} nonce none after a refresh
 * @property {string | undefined} accessToken what at_hash is of
 * @property {number} now seconds since the epoch
 * @property {number} seconds how long it lives
 * @property {Lie} lie
 * @property {NonNullable<Profile['keys']>} keys
 * @property {Array<Record<string, unknown> | undefined>} changes of its claims, beside the lie
 */

/** Makes ID tokens that are right in everything but the one lie asked for. */
export class IdTokenForger {
  #own;
  #foreign;
  /** @type {Map<string, CryptoKeyPair>} by algorithm */
  #others = new Map();

  /**
   * @param {CryptoKeyPair} own its public half is published
   * @param {CryptoKeyPair} foreign its public half is not
   */
  constructor(own, foreign) {
    this.#own = own;
    this.#foreign = foreign;
  }

  static async generate() {
    const options = { extractable: true };
    return new IdTokenForger(await generateKeyPair('RS256', options), await generateKeyPair('RS256', options));
  }

  /**
   * @param {NonNullable<Profile['keys']>} keys
   * @returns what the jwks_uri publishes
   */
  async jwks({ algorithm = 'RS256', kid, published = 'alone' }) {
    const own = changed({ ...(await publicJwk(await this.#pair(algorithm), KID)), alg: algorithm }, { kid: kid === null ? null : KID });
    // One key that only looks like it, and one for another use.
    const others = [
      { ...(await publicJwk(await this.#pair(algorithm === 'ES256' ? 'RS256' : 'ES256'), KID)), alg: undefined },
      { ...(await publicJwk(this.#foreign, KID)), use: 'enc', alg: 'RSA-OAEP' },
      changed(await publicJwk(this.#foreign, KID), { kid: null, alg: null }),
    ];
    return { keys: published === 'alone' ? [own] : [...others.slice(0, 2), ...(kid === null ? others.slice(2) : []), own] };
  }

  /** @param {string} algorithm */
  async #pair(algorithm) {
    const pair = algorithm === 'RS256' ? this.#own : this.#others.get(algorithm);
    if (pair) {
      return pair;
    }
    const generated = await generateKeyPair(algorithm, { extractable: true });
    this.#others.set(algorithm, generated);
    return generated;
  }

  /** @returns what only the token's own header points to */
  async foreignJwks() {
    return { keys: [await publicJwk(this.#foreign, 'foreign')] };
  }

  /**
   * @param {IdTokenRequest} request
   * @returns {Promise<string>}
   */
  async idToken(request) {
    const claims = changed(lyingClaims(request), ...request.changes);
    const { algorithm = 'RS256', kid } = request.keys;
    const header = changed({ alg: algorithm, kid: KID }, { kid: kid === null ? null : KID });
    switch (request.lie) {
      case 'alg_none':
        return new UnsecuredJWT(claims).encode();
      case 'hs256_with_public_key': {
        const secret = new TextEncoder().encode(await exportSPKI(this.#own.publicKey));
        return new SignJWT(claims).setProtectedHeader({ ...header, alg: 'HS256' }).sign(secret);
      }
      case 'foreign_key_known_kid':
        return new SignJWT(claims).setProtectedHeader(header).sign(this.#foreign.privateKey);
      case 'jku': {
        const jku = new URL('foreign/jwks.json', request.issuer).href;
        const jwk = await publicJwk(this.#foreign, 'foreign');
        return new SignJWT(claims).setProtectedHeader({ ...header, kid: 'foreign', jku, jwk }).sign(this.#foreign.privateKey);
      }
      case 'crit': {
        const extension = 'urn:example:not-understood';
        return new SignJWT(claims)
          .setProtectedHeader({ ...header, crit: [extension], [extension]: true })
          .sign(this.#own.privateKey, { crit: { [extension]: true } });
      }
      default:
        return new SignJWT(claims).setProtectedHeader(header).sign((await this.#pair(algorithm)).privateKey);
    }
  }
}

/** @typedef {{ publicKey: import('jose').CryptoKey, privateKey: import('jose').CryptoKey }} CryptoKeyPair */

/**
 * @param {CryptoKeyPair} pair
 * @param {string} kid
 */
async function publicJwk({ publicKey }, kid) {
  return { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'RS256' };
}

/**
 * @param {IdTokenRequest} request
 * @returns {JWTPayload} what an honest provider would say, with the lie in it
 */
function lyingClaims(request) {
  const claims = { ...honestClaims(request), ...changedClaims(request)[request.lie] };
  // A claim that a lie sets to undefined is missing from the token.
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

/**
 * @param {IdTokenRequest} request
 * @returns {JWTPayload}
 */
function honestClaims({ issuer, clientId, nonce, accessToken, now, seconds, keys }) {
  return {
    iss: issuer,
    aud: clientId,
    sub: 'auth0|felix',
    iat: now,
    exp: now + seconds,
    nonce,
    at_hash: accessToken && keys.algorithm === undefined ? halfHash(accessToken) : undefined,
    email: 'felix@example.com',
    email_verified: true,
    nickname: 'felix',
    org_id: 'org_dev',
  };
}

/**
 * @param {IdTokenRequest} request
 * @returns {Partial<Record<Lie, JWTPayload>>}
 */
function changedClaims({ issuer, clientId, nonce, now }) {
  return {
    iss: { iss: 'https://attacker.example/' },
    iss_without_slash: { iss: issuer.replace(/\/$/, '') },
    aud: { aud: 'another-client' },
    aud_several_without_azp: { aud: [clientId, 'another-client'] },
    azp: { azp: 'another-client' },
    nonce_wrong: { nonce: nonce === undefined ? 'unasked' : `${nonce.slice(0, -1)}${nonce.endsWith('A') ? 'B' : 'A'}` },
    nonce_missing: { nonce: undefined },
    exp: { iat: now - 2 * HOUR, exp: now - HOUR },
    exp_missing: { exp: undefined },
    iat_future: { iat: now + DAY, exp: now + DAY + HOUR },
    iat_missing: { iat: undefined },
    at_hash: { at_hash: halfHash('another access token') },
    sub_missing: { sub: undefined },
    sub_other: { sub: 'auth0|mara' },
    org_id_other: { org_id: 'org_other' },
    org_id_missing: { org_id: undefined },
    email_unverified: { email_verified: false },
    email_other_domain: { email: 'felix@attacker.example' },
    email_other_user: { email: 'mara@example.com' },
  };
}

/**
 * at_hash of OIDC Core 3.1.3.6, for RS256.
 *
 * @param {string} accessToken
 */
function halfHash(accessToken) {
  return createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url');
}
