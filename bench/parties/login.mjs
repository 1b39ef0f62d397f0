import { askOnce } from '../measuring/checked-request.mjs';

/** Logins without a browser: the quick identity provider answers without a page. */

const BASE = '/api/cluster-auth';

/** More redirects than any login needs. */
const MOST_REDIRECTS = 10;

/**
 * @typedef {object} Session one login attempt at the backend, with the code that the identity provider has sent for it
 * @property {string} sessionToken
 * @property {string} code
 * @property {string} state
 * @property {string | undefined} iss who the redirect says it comes from
 */

/**
 * Begins a login and fetches its code.
 *
 * @param {string} backend
 * @param {string} bearer the user's token
 * @returns {Promise<Session>}
 */
export async function sessionWithCode(backend, bearer) {
  const { sessionToken, authUrl } = await begin(backend, bearer);
  const response = await fetch(authUrl, { redirect: 'manual' });
  const redirect = new URL(response.headers.get('location') ?? '').searchParams;
  return { sessionToken, ...answerIn(redirect) };
}

/**
 * @param {URLSearchParams} redirect
 * @returns {Omit<Session, 'sessionToken'>} what the identity provider says in it
 */
export function answerIn(redirect) {
  return { code: redirect.get('code') ?? '', state: redirect.get('state') ?? '', iss: redirect.get('iss') ?? undefined };
}

/**
 * @param {string} backend
 * @param {string} bearer the user's token
 * @returns {Promise<{sessionToken: string, authUrl: string}>}
 */
export async function begin(backend, bearer) {
  return answerOf(await fetch(`${backend}${BASE}/register`, { method: 'POST', headers: { authorization: `Bearer ${bearer}` } }));
}

/**
 * Logs a user in.
 *
 * @param {string} backend
 * @param {string} bearer the user's token
 */
export async function logIn(backend, bearer) {
  await redeem(backend, await sessionWithCode(backend, bearer));
}

/**
 * Has the backend redeem a code.
 *
 * @param {string} backend
 * @param {Session} session
 * @returns {Promise<{expiresAt: string}>} when the token that came expires
 */
export async function redeem(backend, { sessionToken, ...answer }) {
  const headers = { authorization: `Bearer ${sessionToken}`, 'content-type': 'application/json' };
  const connected = await answerOf(await fetch(`${backend}${BASE}/exchange`, { method: 'POST', headers, body: JSON.stringify(answer) }));
  if (connected.success !== true) {
    throw new Error('the login was refused');
  }
  return connected;
}

/**
 * @param {string} backend
 * @param {string} plugin a plugin's token on behalf of a user who is logged in
 * @returns {Promise<string>} what the cluster takes for that user
 */
export async function tokenOf(backend, plugin) {
  return (await answerOf(await fetch(`${backend}${BASE}/token?cluster=dev`, { headers: { authorization: `Bearer ${plugin}` } }))).token;
}

/**
 * Follows a login from a page to wherever it ends, as a browser does, and keeps the cookies.
 *
 * @param {string} url
 * @returns {Promise<string>} the cookies at the end, as a request sends them
 */
export async function cookiesOf(url) {
  /** @type {Map<string, string>} */
  const kept = new Map();
  const cookie = () => [...kept].map(([name, value]) => `${name}=${value}`).join('; ');
  let target = new URL(url);
  for (let hop = 0; hop < MOST_REDIRECTS; hop += 1) {
    // Not by fetch, which says that it is no navigation: mod_auth_openidc sends only those to log in.
    const { status, headers, body } = await askOnce(target.origin, { path: `${target.pathname}${target.search}`, accept: 'text/html' }, cookie());
    for (const line of headers['set-cookie'] ?? []) {
      const [name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(line)?.slice(1) ?? [];
      const expired = /max-age=(0|-)|expires=Thu, 01 Jan 1970/i.test(line) || value === '';
      expired ? kept.delete(name) : kept.set(name, value);
    }
    if (!headers.location) {
      if (status >= 400) {
        throw new Error(`${target.origin}${target.pathname} answered ${status}: ${body.slice(0, 300)}`);
      }
      return cookie();
    }
    target = new URL(headers.location, target);
  }
  throw new Error(`more than ${MOST_REDIRECTS} redirects from ${url}`);
}

/** @param {Response} response */
async function answerOf(response) {
  const body = Object(await response.json());
  if (!response.ok) {
    throw new Error(`${response.url} answered ${response.status}: ${JSON.stringify(body)}`);
  }
  return body;
}
