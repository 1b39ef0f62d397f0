import { createHash, randomBytes } from 'node:crypto';

/** The redirect URI of the `kubernetes` client. */
export const REDIRECT_URI = 'http://localhost:8000/';

/** More redirects than any login needs. */
const MAX_REDIRECTS = 10;

/** The parts of a browser that a login needs: keeps cookies by path, follows redirects up to the redirect URI. */
export class CookieJarClient {
  /** @type {Map<string, { name: string, value: string, path: string }>} */
  #cookies = new Map();

  /**
   * @param {string | URL} url
   * @param {URLSearchParams} [form] posted when given
   * @returns {Promise<{ url: URL, response: Response }>} the first answer that is no redirect, or the redirect to
   *   the redirect URI: `url` is where it ended
   */
  async navigate(url, form) {
    let target = new URL(url);
    let body = form;
    for (let hop = 0; hop < MAX_REDIRECTS; hop += 1) {
      const response = await this.#request(target, body);
      const location = response.headers.get('location');
      if (!location) {
        return { url: target, response };
      }
      target = new URL(location, target);
      body = undefined;
      if (target.href.startsWith(REDIRECT_URI)) {
        return { url: target, response };
      }
    }
    throw new Error(`More than ${MAX_REDIRECTS} redirects from ${new URL(url).origin}.`);
  }

  /**
   * @param {URL} url
   * @param {URLSearchParams | undefined} form
   */
  async #request(url, form) {
    const sent = [...this.#cookies.values()].filter(({ path }) => url.pathname.startsWith(path));
    const response = await fetch(url, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: sent.map(({ name, value }) => `${name}=${value}`).join('; ') },
      ...(form && { body: form }),
    });
    for (const line of response.headers.getSetCookie()) {
      this.#store(line);
    }
    return response;
  }

  /** @param {string} line a Set-Cookie header */
  #store(line) {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const separator = pair.indexOf('=');
    const name = pair.slice(0, separator);
    const value = pair.slice(separator + 1);
    const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice('path='.length) ?? '/';
    if (value === '') {
      this.#cookies.delete(`${name} ${path}`);
    } else {
      this.#cookies.set(`${name} ${path}`, { name, value, path });
    }
  }
}

/**
 * An authorization request as the backend makes it, and the verifier that belongs to it.
 *
 * @param {string} issuer with the slash
 * @param {Record<string, string>} [changes] parameters that differ
 */
export function authorizationRequest(issuer, changes = {}) {
  const verifier = randomBytes(32).toString('base64url');
  const parameters = {
    client_id: 'kubernetes',
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    scope: 'openid profile email offline_access',
    prompt: 'consent',
    state: randomBytes(32).toString('base64url'),
    nonce: randomBytes(32).toString('base64url'),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  };
  return { url: new URL(`authorize?${new URLSearchParams(parameters)}`, issuer), parameters, verifier };
}

/**
 * Opens the login page and answers it.
 *
 * @param {string} issuer
 * @param {{ login?: string, password?: string, action?: 'login' | 'deny', changes?: Record<string, string>,
 *   client?: CookieJarClient }} [person]
 */
export async function logIn(issuer, { login = 'felix', password = 'dev', action = 'login', changes = {}, client } = {}) {
  const browser = client ?? new CookieJarClient();
  const request = authorizationRequest(issuer, changes);
  const page = await browser.navigate(request.url);
  const answered = await browser.navigate(page.url, new URLSearchParams({ login, password, action }));
  return { ...request, page, answered, redirect: answered.url.searchParams };
}

/**
 * @param {string} issuer
 * @param {Record<string, string>} parameters
 * @param {Record<string, string>} [headers]
 */
export async function requestTokens(issuer, parameters, headers = {}) {
  const response = await fetch(new URL('oauth/token', issuer), {
    method: 'POST',
    headers,
    body: new URLSearchParams({ client_id: 'kubernetes', ...parameters }),
  });
  return { status: response.status, body: Object(await response.json()) };
}

/**
 * @param {string} issuer
 * @param {{ redirect: URLSearchParams, verifier: string }} login
 */
export function redeem(issuer, { redirect, verifier }) {
  const code = redirect.get('code') ?? '';
  return requestTokens(issuer, {
    grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: REDIRECT_URI,
  });
}

/**
 * @param {string} issuer
 * @param {string} refreshToken
 */
export function refresh(issuer, refreshToken) {
  return requestTokens(issuer, { grant_type: 'refresh_token', refresh_token: refreshToken });
}

/**
 * @param {string} issuer
 * @param {string} command such as `POST hold`
 * @param {unknown} [body]
 */
export async function control(issuer, command, body) {
  const [method = 'GET', path = ''] = command.split(' ');
  const response = await fetch(new URL(`control/${path}`, issuer), {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: Object(await response.json()) };
}
