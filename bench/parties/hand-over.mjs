/** A login that Backstage's page hands to the helper, up to the redirect: what a browser does, without one. */

/** The helper's two addresses. */
const CONTROL = 'http://localhost:8888';
const CALLBACK = 'http://localhost:8000';

/** @typedef {{url: string, cookie: string}} Redirect what the browser comes back with */

/**
 * @param {object} login
 * @param {string} login.sessionToken
 * @param {string} login.app the origin of Backstage's page
 * @returns {Promise<Redirect>}
 */
export async function redirectOf({ sessionToken, app }) {
  const link = await locationOf(await post('/start', { sessionToken }, { origin: app }));
  const page = await (await fetch(new URL(link, CONTROL))).text();
  const [csrf, action] = [between(page, 'name="csrf" value="'), between(page, 'action="')];
  const confirmed = await post(action, { csrf }, { origin: CONTROL, 'sec-fetch-site': 'same-origin' });
  const cookie = confirmed.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
  const url = await locationOf(await fetch(await locationOf(confirmed), { redirect: 'manual' }));
  if (!url.startsWith(`${CALLBACK}/?`)) {
    throw new Error(`the identity provider sends the browser to ${new URL(url).origin}`);
  }
  return { url, cookie };
}

/** @param {string} path @param {Record<string, string>} form @param {Record<string, string>} headers */
function post(path, form, headers) {
  return fetch(new URL(path, CONTROL), { method: 'POST', redirect: 'manual', headers, body: new URLSearchParams(form) });
}

/** @param {Response} response */
async function locationOf(response) {
  const location = response.headers.get('location');
  if (location === null) {
    throw new Error(`${response.url} answered ${response.status} and leads nowhere: ${(await response.text()).slice(0, 300)}`);
  }
  return location;
}

/** @param {string} text @param {string} start */
function between(text, start) {
  const [, rest] = text.split(start);
  if (rest === undefined) {
    throw new Error(`there is no ${start} in ${text.slice(0, 300)}`);
  }
  return rest.split('"')[0] ?? '';
}
