import { createServer } from 'node:http';

import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** The client the tokens are for. */
export const CLIENT_ID = 'kubernetes';

/** A discovery document and a key set, and tokens signed by it. */
export class TokenIssuer {
  #server = createServer((request, response) => this.#answer(request, response));
  /** @type {import('jose').CryptoKey | undefined} */
  #key;
  /** @type {import('jose').JWK[]} */
  #published = [];
  issuer = '';

  static async start() {
    const issuer = new TokenIssuer();
    await issuer.rotate();
    await new Promise((resolve) => issuer.#server.listen(0, '127.0.0.1', () => resolve(undefined)));
    const address = issuer.#server.address();
    if (typeof address !== 'object' || !address) {
      throw new Error('The token issuer does not listen on a TCP port.');
    }
    issuer.issuer = `http://127.0.0.1:${address.port}/`;
    return issuer;
  }

  /** Signs with a new key from now on. */
  async rotate() {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    this.#key = privateKey;
    const kid = `key-${this.#published.length + 1}`;
    this.#published.push({ ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' });
  }

  /**
   * @param {import('jose').JWTPayload} claims in place of Felix's
   */
  async token(claims = {}) {
    const now = Math.floor(Date.now() / 1000);
    const felix = { email: 'felix@example.com', email_verified: true, group: 'team-a', sub: 'auth0|felix' };
    const token = new SignJWT({ ...felix, iss: this.issuer, aud: CLIENT_ID, iat: now, exp: now + 300, ...claims });
    const kid = this.#published.at(-1)?.kid;
    if (!this.#key || !kid) {
      throw new Error('The token issuer has no key yet.');
    }
    return token.setProtectedHeader({ alg: 'RS256', kid }).sign(this.#key);
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  #answer(request, response) {
    const discovery = { issuer: this.issuer, jwks_uri: `${this.issuer}keys` };
    const body = request.url === '/keys' ? { keys: this.#published } : discovery;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }
}
