import { parse } from 'node-html-parser';

import { CookieClient } from './cookie-client.mjs';

/** The scopes a portal asks for; `offline_access` brings the refresh cookie. */
const SCOPE = 'openid profile email offline_access';

/**
 * What a portal's popup does: start, the identity provider's login form, the handler's page with the result.
 *
 * @param {object} who
 * @param {string} who.backstage its URL
 * @param {string} who.login
 * @param {string} who.password
 * @returns {Promise<{userToken: string, cookie: string, provider: 'oidc'}>}
 * @throws when the sign-in is refused
 */
export async function signIn({ backstage, login, password }) {
  const client = new CookieClient();
  const start = new URL('/api/auth/oidc/start', backstage);
  start.search = new URLSearchParams({ env: 'development', scope: SCOPE }).toString();
  const page = await client.open(start);
  const { action, fields } = loginForm(page);
  const result = authorizationResponse(await client.open(action, { ...fields, login, password }));
  const userToken = result.response?.backstageIdentity?.token;
  if (!userToken) {
    throw new Error(`Backstage did not sign ${login} in: ${result.error?.message ?? 'its answer holds no identity'}.`);
  }
  return { userToken, cookie: await client.cookie(new URL('/api/auth/oidc/refresh', backstage)), provider: 'oidc' };
}

/**
 * @param {import('./cookie-client.mjs').Page} page
 * @returns {{action: URL, fields: Record<string, string>}} where the form goes, and its hidden fields and login button
 */
function loginForm({ url, html }) {
  const form = parse(html).querySelectorAll('form').find((candidate) => candidate.querySelector('input[name=login]'));
  const button = form?.querySelector('button[value=login]');
  if (!form || !button) {
    throw new Error(`${url.origin}${url.pathname} shows no login form; is that the development identity provider?`);
  }
  const sent = [...form.querySelectorAll('input[type=hidden]'), button];
  const fields = sent.flatMap((field) => {
    const name = field.getAttribute('name');
    return name ? [[name, field.getAttribute('value') ?? '']] : [];
  });
  return { action: new URL(form.getAttribute('action') ?? '', url), fields: Object.fromEntries(fields) };
}

/**
 * @typedef {{response?: {backstageIdentity?: {token?: string}}, error?: {message?: string}}} AuthorizationResponse
 */

/**
 * The message the handler's page would post to its opener.
 *
 * @param {import('./cookie-client.mjs').Page} page
 * @returns {AuthorizationResponse}
 */
function authorizationResponse({ url, status, html }) {
  const encoded = /var authResponse = decodeURIComponent\('([^']*)'\)/.exec(html)?.[1];
  if (!encoded) {
    throw new Error(`The sign-in ended at ${url.origin}${url.pathname} with status ${status} and no result; check login and password.`);
  }
  return JSON.parse(decodeURIComponent(encoded));
}
