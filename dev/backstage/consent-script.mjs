/// <reference lib="dom" />
// Runs in the browser, on the page that consent-page.mjs serves.

const session = `/api/auth/v1/sessions/${location.pathname.split('/').at(-1)}`;

/** @returns {Promise<string | undefined>} the user token, where this browser is signed in */
async function userToken() {
  const headers = { 'X-Requested-With': 'XMLHttpRequest' };
  const response = await fetch('/api/auth/oidc/refresh?env=development', { headers });
  return response.ok ? Object(await response.json()).backstageIdentity?.token : undefined;
}

/** Goes to the identity provider and comes back to this page. */
function signIn() {
  const scope = 'openid profile email offline_access';
  const query = { env: 'development', scope, flow: 'redirect', redirectUrl: location.href };
  location.replace(`/api/auth/oidc/start?${new URLSearchParams(query)}`);
}

/** @param {string} token */
async function ask(token) {
  const { clientName } = Object(await (await fetch(session)).json());
  const client = document.querySelector('#client');
  if (client) {
    client.textContent = String(clientName);
  }
  for (const decision of ['approve', 'reject']) {
    const button = document.querySelector(`#${decision}`);
    button?.removeAttribute('disabled');
    button?.addEventListener('click', () => decide(decision, token));
  }
}

/**
 * @param {string} decision
 * @param {string} token
 */
async function decide(decision, token) {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${session}/${decision}`, { method: 'POST', headers });
  location.assign(Object(await response.json()).redirectUrl);
}

const token = await userToken();
if (token) {
  await ask(token);
} else {
  signIn();
}
