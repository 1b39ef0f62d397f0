import { randomBytes } from 'node:crypto';

import { ENDPOINT_PATHS } from '../endpoints.mjs';
import { sendJson } from '../json-answer.mjs';
import { readBody } from '../request-body.mjs';
import { refusalOf } from './client-check.mjs';
import { Clock } from './clock.mjs';
import { sendEndlessBody } from './endless-body.mjs';
import { changed } from './profile.mjs';

/** @typedef {import('node:http').IncomingMessage} IncomingMessage */
/** @typedef {import('node:http').ServerResponse} ServerResponse */
/** @typedef {import('./lies.mjs').Lie} Lie */

/**
 * @typedef {object} RefreshAnswer what comes instead of tokens
 * @property {number} [status]
 * @property {Record<string, string>} [headers]
 * @property {string} [body]
 * @property {'before' | 'after'} [silent] no answer at all, and the token is spent or not
 */

/** Where redirecting endpoints send the client: the same answers, which no client may fetch. */
const ELSEWHERE = '/elsewhere';

/** The endpoints of an identity provider that lies about one thing at a time. */
export class HostileEndpoints {
  /** @type {Lie} */
  lie = 'none';
  /** Requests that came because a redirect, or a `jku`, was followed. */
  redirectsFollowed = 0;
  /** Bytes of endless bodies handed to connections. */
  bytesSent = 0;
  /** Tokens handed to the revocation endpoint. */
  revoked = 0;
  /** @type {import('./profile.mjs').Profile} how it differs from the plain one, beside its lie */
  profile = {};
  /** @type {{ userAgent?: string | undefined, origin?: string | undefined, parameters: string[] }} what the last token request showed, without values */
  lastTokenRequest = { parameters: [] };
  userinfoRequests = 0;
  clock = new Clock();
  /** @type {number[]} when each refresh was asked for, by that clock */
  refreshes = [];
  /** @type {RefreshAnswer | undefined} what each refresh gets until further notice */
  refreshAnswer;
  /** How long ID tokens live, in seconds. */
  idTokenSeconds = 3600;
  /** @type {string | undefined} the refresh token that was given out last, until it is revoked */
  #newest;
  /** @type {string | undefined} the access token that was given out last */
  #accessToken;
  /** @type {Map<string, string | undefined>} the nonce each code was asked for with */
  #nonces = new Map();
  #issuer;
  #clientId;
  #forger;
  #ledger;

  /**
   * @param {object} parts
   * @param {string} parts.issuer
   * @param {string} parts.clientId
   * @param {import('./id-token.mjs').IdTokenForger} parts.forger
   * @param {import('../ledger.mjs').Ledger} parts.ledger
   */
  constructor({ issuer, clientId, forger, ledger }) {
    this.#issuer = issuer;
    this.#clientId = clientId;
    this.#forger = forger;
    this.#ledger = ledger;
  }

  /** @param {import('./profile.mjs').Profile} profile how it is from now on */
  become(profile) {
    this.profile = profile;
    this.idTokenSeconds = profile.idTokenSeconds ?? this.idTokenSeconds;
  }

  /** Whether the refresh token that was given out last has been revoked. */
  get newestRevoked() {
    return this.#newest === undefined;
  }

  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   */
  async answer(request, response) {
    const url = new URL(request.url ?? '/', this.#issuer);
    const followed = url.pathname.startsWith(`${ELSEWHERE}/`);
    const path = followed ? url.pathname.slice(ELSEWHERE.length) : url.pathname;
    if (followed || path === '/foreign/jwks.json') {
      this.redirectsFollowed += 1;
    }
    const redirectStatus = followed ? undefined : this.#redirectStatus(path);
    if (redirectStatus) {
      response.writeHead(redirectStatus, { location: new URL(`${ELSEWHERE}${path}`, this.#issuer).href }).end();
      return;
    }
    switch (path) {
      case ENDPOINT_PATHS.discovery: return sendJson(response, 200, this.#discovery());
      case ENDPOINT_PATHS.authorize: return this.#authorize(url.searchParams, response);
      case ENDPOINT_PATHS.token: return this.#token(request, response);
      case ENDPOINT_PATHS.jwks: return this.#jwks(response);
      case ENDPOINT_PATHS.revocation: return this.#revoke(request, response);
      case ENDPOINT_PATHS.userinfo: return this.#userinfo(request, response);
      case '/foreign/jwks.json': return sendJson(response, 200, await this.#forger.foreignJwks());
      default: return sendJson(response, 404, { error: 'not_found' });
    }
  }

  /**
   * @param {string} path
   * @returns {number | undefined} when the lie is that this path answers with a redirect
   */
  #redirectStatus(path) {
    const redirects = {
      token_endpoint_redirects: { path: ENDPOINT_PATHS.token, status: 307 },
      token_endpoint_redirects_302: { path: ENDPOINT_PATHS.token, status: 302 },
      jwks_redirects: { path: ENDPOINT_PATHS.jwks, status: 302 },
      discovery_redirects: { path: ENDPOINT_PATHS.discovery, status: 302 },
    };
    const redirect = Object.entries(redirects).find(([lie]) => lie === this.lie)?.[1];
    return redirect?.path === path ? redirect.status : undefined;
  }

  #discovery() {
    const at = (/** @type {string} */ path) => new URL(path, this.#issuer).href;
    const plain = {
      issuer: this.lie === 'discovery_other_issuer' ? 'https://attacker.example/' : this.#issuer,
      authorization_endpoint: at(ENDPOINT_PATHS.authorize),
      token_endpoint: at(ENDPOINT_PATHS.token),
      jwks_uri: at(ENDPOINT_PATHS.jwks),
      revocation_endpoint: at(ENDPOINT_PATHS.revocation),
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [this.profile.keys?.algorithm ?? 'RS256'],
      ...(this.profile.userinfo && { userinfo_endpoint: at(ENDPOINT_PATHS.userinfo) }),
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none'],
      ...(this.lie.startsWith('callback_iss_') && { authorization_response_iss_parameter_supported: true }),
    };
    return changed(plain, this.profile.discovery);
  }

  /**
   * No page: every user is Felix.
   *
   * @param {URLSearchParams} parameters
   * @param {ServerResponse} response
   */
  #authorize(parameters, response) {
    const redirectUri = parameters.get('redirect_uri') ?? '';
    if (!URL.canParse(redirectUri)) {
      sendJson(response, 400, { error: 'invalid_request', error_description: 'redirect_uri is missing; send one' });
      return;
    }
    const code = randomBytes(24).toString('base64url');
    this.#nonces.set(code, parameters.get('nonce') ?? undefined);
    this.#ledger.recordAuthorizationRequest(parameters);
    this.#ledger.record('code', code);
    const target = new URL(redirectUri);
    for (const [name, value] of Object.entries(this.profile.redirect ?? { code })) {
      target.searchParams.set(name, value);
    }
    if (this.profile.redirectIssuer) {
      target.searchParams.set('iss', this.#issuer);
    }
    target.searchParams.set('state', parameters.get('state') ?? '');
    if (this.lie === 'callback_iss_wrong') {
      target.searchParams.set('iss', 'https://attacker.example/');
    }
    response.writeHead(302, { location: target.href, 'cache-control': 'no-store' }).end();
  }

  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   */
  async #token(request, response) {
    const parameters = new URLSearchParams(await readBody(request));
    this.#ledger.recordTokenRequest(parameters);
    const isRefresh = parameters.get('grant_type') === 'refresh_token';
    if (isRefresh) {
      this.refreshes.push(this.clock.now());
    }
    if (this.lie === 'endless_body') {
      await this.#endless(response);
      return;
    }
    if (this.lie === 'garbage_token_answer') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('<html>not JSON at all');
      return;
    }
    const { 'user-agent': userAgent, origin } = request.headers;
    this.lastTokenRequest = { userAgent, origin, parameters: [...parameters.keys()] };
    const parties = { issuer: this.#issuer, clientId: this.#clientId, now: this.clock.now() };
    const refusal = await refusalOf(this.profile.client ?? {}, request.headers, parameters, parties);
    if (refusal) {
      sendJson(response, refusal.status, refusal.body);
      return;
    }
    if (isRefresh && this.refreshAnswer && this.refreshAnswer.silent !== 'after') {
      answerAs(this.refreshAnswer, response);
      return;
    }
    const code = parameters.get('code') ?? '';
    // A request that follows a 302 has lost its body. It gets tokens nevertheless, so that a test notices a client that follows.
    if (parameters.get('grant_type') === 'authorization_code' && !this.#nonces.has(code)) {
      sendJson(response, 400, { error: 'invalid_grant', error_description: 'there is no such code' });
      return;
    }
    // This is never a lie: only the refresh token that was given out last is valid.
    if (isRefresh && parameters.get('refresh_token') !== this.#newest) {
      sendJson(response, 400, { error: 'invalid_grant', error_description: 'that refresh token does not count any more' });
      return;
    }
    const tokens = await this.#tokens(this.#nonces.get(code), isRefresh);
    this.#nonces.delete(code);
    this.#ledger.recordTokenAnswer(tokens);
    if (isRefresh && this.refreshAnswer) {
      return;
    }
    sendJson(response, 200, tokens);
  }

  /**
   * @param {string | undefined} nonce
   * @param {boolean} isRefresh
   */
  async #tokens(nonce, isRefresh) {
    const { lie, profile } = this;
    const accessToken = lie === 'access_token_missing' ? undefined : randomBytes(24).toString('base64url');
    const idToken = lie === 'no_id_token' ? undefined : await this.#forger.idToken({
      issuer: this.#issuer, clientId: this.#clientId, nonce, accessToken, lie, keys: profile.keys ?? {},
      now: Math.floor(this.clock.now()), seconds: this.idTokenSeconds,
      changes: [profile.claims, isRefresh ? profile.refreshedClaims : undefined],
    });
    this.#accessToken = accessToken;
    // A provider that does not rotate sends none, and the one before still counts.
    if (!isRefresh || profile.refreshed?.['refresh_token'] !== null) {
      this.#newest = randomBytes(24).toString('base64url');
    }
    const plain = {
      ...(accessToken && { access_token: accessToken }),
      ...(idToken && { id_token: idToken }),
      refresh_token: this.#newest,
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'openid profile email offline_access',
    };
    return changed(plain, profile.tokens, isRefresh ? profile.refreshed : undefined);
  }

  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   */
  #userinfo(request, response) {
    const { userinfo } = this.profile;
    this.userinfoRequests += 1;
    if (!userinfo || request.headers.authorization !== `Bearer ${this.#accessToken}`) {
      sendJson(response, 401, { error: 'invalid_token' });
      return;
    }
    const { status = 200, contentType = 'application/json', body } = userinfo;
    response.writeHead(status, { 'content-type': contentType, location: new URL('/elsewhere/userinfo', this.#issuer).href });
    response.end(JSON.stringify(changed({ sub: 'auth0|felix' }, body)));
  }

  /** @param {ServerResponse} response */
  async #jwks(response) {
    if (this.lie === 'endless_jwks') {
      await this.#endless(response);
      return;
    }
    sendJson(response, 200, await this.#forger.jwks(this.profile.keys ?? {}));
  }

  /** @param {ServerResponse} response */
  #endless(response) {
    return sendEndlessBody(response, (bytes) => { this.bytesSent += bytes; });
  }

  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   */
  async #revoke(request, response) {
    const token = new URLSearchParams(await readBody(request)).get('token');
    this.revoked += 1;
    if (token === this.#newest) {
      this.#newest = undefined;
    }
    sendJson(response, 200, {});
  }
}

/**
 * @param {RefreshAnswer} answer
 * @param {ServerResponse} response
 */
function answerAs({ silent, status = 200, headers = {}, body = '' }, response) {
  if (!silent) {
    response.writeHead(status, headers).end(body);
  }
}
