import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

/** @typedef {{kid: string, privateKey: import('node:crypto').KeyObject}} Key */

const HOUR = 3600;

/** Signs tokens as Backstage does, ES256, with the claims that it writes. */
export class Signing {
  #key = key('bench');

  /** @returns {string} what is published */
  published() {
    const { kid, privateKey } = this.#key;
    return JSON.stringify({ keys: [{ ...createPublicKey(privateKey).export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256' }] });
  }

  /** @param {string} user such as `user:default/felix` */
  userToken(user) {
    return this.#sign('vnd.backstage.user', { ...times(), sub: user, aud: 'backstage', ent: [user] });
  }

  /**
   * What the kubernetes plugin shows for each request of a page: Backstage signs a new one then, around the same token of the user's.
   *
   * @param {string} user
   * @param {number} count
   * @returns {string[]}
   */
  pluginTokens(user, count) {
    const obo = this.#sign('vnd.backstage.limited-user', { ...times(), sub: user });
    const claims = { ...times(), sub: 'kubernetes', aud: 'cluster-auth', obo };
    // ECDSA signs the same claims differently each time, so that no two tokens are alike.
    return Array.from({ length: count }, () => this.#sign('vnd.backstage.plugin', claims));
  }

  /** @param {string} typ @param {object} claims */
  #sign(typ, claims) {
    const { kid, privateKey } = this.#key;
    const signed = [{ typ, alg: 'ES256', kid }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  }
}

/** @param {string} kid @returns {Key} */
function key(kid) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid, privateKey: createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' })) };
}

function times() {
  const now = Math.floor(Date.now() / 1000);
  return { iat: now - 1, exp: now + HOUR };
}
