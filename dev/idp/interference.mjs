import { setTimeout as later } from 'node:timers/promises';

import { CannedAnswers } from './canned-answers.mjs';
import { endpointAt } from './endpoints.mjs';
import { Holds } from './holds.mjs';
import { readBody } from './request-body.mjs';
import { RequestCounts } from './request-counts.mjs';

/** @typedef {import('koa').ParameterizedContext} KoaContext */

/** All that tests do to the traffic of the identity provider, and what they read about it. */
export class Interference {
  holds = new Holds();
  cannedAnswers = new CannedAnswers();
  counts = new RequestCounts();
  #ledger;
  #rotation;

  /**
   * @param {import('./ledger.mjs').Ledger} ledger
   * @param {import('./provider.mjs').Rotation} rotation
   */
  constructor(ledger, rotation) {
    this.#ledger = ledger;
    this.#rotation = rotation;
  }

  reset() {
    this.holds.release();
    this.cannedAnswers.clear();
    this.counts.clear();
  }

  /**
   * Koa middleware around the whole provider.
   *
   * @param {KoaContext} ctx
   * @param {() => Promise<void>} next
   */
  async around(ctx, next) {
    const endpoint = endpointAt(ctx.path);
    if (endpoint === 'token') {
      await this.#aroundToken(ctx, next);
      return;
    }
    this.counts.add(endpoint, null);
    if (endpoint === 'authorize') {
      this.#ledger.recordAuthorizationRequest(new URLSearchParams(ctx.querystring));
    }
    await this.#answer(this.cannedAnswers.take(endpoint, null), ctx, next);
  }

  /**
   * The body is read before the request is held: a client that dies meanwhile has still sent all of it, and the provider
   * spends its token once it is released, as one at the other end of a real network would.
   *
   * @param {KoaContext} ctx
   * @param {() => Promise<void>} next
   */
  async #aroundToken(ctx, next) {
    const body = await readBody(ctx.req);
    // oidc-provider reads the body from here when it has been read already.
    Object.assign(ctx.req, { body });
    const parameters = new URLSearchParams(body);
    this.counts.add('token', parameters.get('grant_type'));
    this.#ledger.recordTokenRequest(parameters);
    const point = this.holds.take();
    if (point === 'before') {
      await this.holds.stop();
    }
    await this.#answer(this.cannedAnswers.take('token', parameters.get('client_id')), ctx, next);
    refuseAsAuth0Does(ctx, parameters.get('grant_type'));
    if (this.#rotation === 'none' && parameters.get('grant_type') === 'refresh_token') {
      // oidc-provider repeats the token that it does not rotate; others leave it out (RFC 6749 section 6).
      Reflect.deleteProperty(Object(ctx.body), 'refresh_token');
    }
    this.#ledger.recordTokenAnswer(Object(ctx.body), ctx['oidc']?.client?.clientId);
    if (point === 'after') {
      await this.holds.stop();
    }
  }

  /**
   * @param {import('./canned-answers.mjs').CannedAnswer | undefined} canned
   * @param {KoaContext} ctx
   * @param {() => Promise<void>} next
   */
  async #answer(canned, ctx, next) {
    if (canned && canned.delayMs > 0) {
      await later(canned.delayMs);
    }
    if (canned?.status === undefined) {
      await next();
      return;
    }
    ctx.status = canned.status;
    ctx.type = canned.contentType;
    if (canned.retryAfter !== undefined) {
      ctx.set('Retry-After', canned.retryAfter);
    }
    ctx.body = canned.body;
  }
}

/**
 * A refresh token that is spent or revoked is answered with 403 by Auth0; RFC 6749 section 5.2 says 400.
 *
 * @param {KoaContext} ctx
 * @param {string | null} grantType
 */
function refuseAsAuth0Does(ctx, grantType) {
  if (grantType === 'refresh_token' && ctx.status === 400 && Object(ctx.body).error === 'invalid_grant') {
    ctx.status = 403;
  }
}
