import { errors } from 'oidc-provider';

import { accountByLogin, accountBySub, accounts, PASSWORD } from './accounts.mjs';
import { loginPage, loginStoppedPage, PAGE_HEADERS } from './login-page.mjs';
import { makeGrant } from './provider.mjs';
import { readBody } from './request-body.mjs';

/** @typedef {import('oidc-provider').Provider} Provider */
/** @typedef {import('node:http').IncomingMessage} IncomingMessage */
/** @typedef {import('node:http').ServerResponse} ServerResponse */
/** @typedef {Awaited<ReturnType<Provider['interactionDetails']>>} Interaction */

/**
 * `/interaction/{uid}`: asks for the login and grants what the client asked for, on one page.
 *
 * @param {Provider} provider
 * @param {Map<string, string>} organizations
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 */
export async function handleLogin(provider, organizations, request, response) {
  const interaction = await findInteraction(provider, request, response);
  if (!interaction) {
    const message = 'It was finished, took too long, or was begun in another browser. Go back and begin it again.';
    response.writeHead(400, PAGE_HEADERS).end(loginStoppedPage('This login is over', message));
    return;
  }
  if (request.method !== 'POST') {
    const login = accountBySub(interaction.session?.accountId ?? '')?.login ?? '';
    sendLoginPage(response, interaction, { status: 200, login, wrong: undefined });
    return;
  }
  const form = new URLSearchParams(await readBody(request));
  if (form.get('action') === 'deny') {
    const refusal = { error: 'access_denied', error_description: 'the user refused the login' };
    await provider.interactionFinished(request, response, refusal);
    return;
  }
  const login = form.get('login') ?? '';
  const account = accountByLogin(login);
  if (!account || form.get('password') !== PASSWORD) {
    const names = accounts.map((known) => known.login).join(', ');
    const wrong = account ? `The password here is ${PASSWORD}. Type that.` : `There is no such user. Type one of ${names}.`;
    sendLoginPage(response, interaction, { status: 401, login, wrong });
    return;
  }
  const grant = await makeGrant(
    provider,
    { accountId: account.sub, clientId: String(interaction.params.client_id), params: interaction.params },
    organizations,
  );
  const result = { login: { accountId: account.sub }, consent: { grantId: grant.jti } };
  const returnTo = await provider.interactionResult(request, response, result);
  await forgetOtherAccount(provider, interaction, account.sub);
  response.writeHead(303, { location: returnTo }).end();
}

/**
 * @param {Provider} provider
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 * @returns {Promise<Interaction | undefined>}
 */
async function findInteraction(provider, request, response) {
  try {
    return await provider.interactionDetails(request, response);
  } catch (error) {
    if (error instanceof errors.SessionNotFound) {
      return undefined;
    }
    throw error;
  }
}

/**
 * When the browser's session belongs to another account, oidc-provider logs that one out with a form that JavaScript submits. This page
 * has to work without JavaScript, so the session is changed here instead. Called after the result is stored: oidc-provider accepts no
 * result for a session after its account has changed.
 *
 * @param {Provider} provider
 * @param {Interaction} interaction
 * @param {string} sub
 */
async function forgetOtherAccount(provider, { session }, sub) {
  if (!session?.accountId || session.accountId === sub) {
    return;
  }
  const stored = await provider.Session.findByUid(session.uid);
  if (stored) {
    stored.accountId = undefined;
    await stored.persist();
  }
}

/**
 * @param {ServerResponse} response
 * @param {Interaction} interaction
 * @param {{ status: number, login: string, wrong: string | undefined }} attempt
 */
function sendLoginPage(response, { params }, { status, login, wrong }) {
  const organization = typeof params.organization === 'string' ? params.organization : undefined;
  const page = loginPage({ clientId: String(params.client_id), organization, login, wrong });
  response.writeHead(status, PAGE_HEADERS).end(page);
}
