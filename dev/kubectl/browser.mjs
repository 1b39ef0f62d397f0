#!/usr/bin/env node
// The browser of a user, as `login` and `get-token` open it: it follows the link, lets the program in where Backstage asks for consent, and logs in
// at the identity provider where that leads there. With --tabs each one adds a line to the file.
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { inRepository } from '../setup/repository.mjs';

// Their packages are those of dev/backstage, which types for dev/ do not know.
const { CookieClient } = await import(inRepository('dev/backstage/cookie-client.mjs'));
const { signIn } = await import(inRepository('dev/backstage/sign-in-flow.mjs'));

const { values: { tabs }, positionals: [login = '', address = ''] } = parseArgs({ options: { tabs: { type: 'string' } }, allowPositionals: true });
const client = new CookieClient();

/** @param {URL} consentPage @returns {Promise<{url: URL}>} where the program's callback leads */
async function letIn(consentPage) {
  const { userToken } = await signIn({ backstage: consentPage.origin, login, password: 'dev' });
  const session = consentPage.pathname.split('/').at(-1);
  const headers = { authorization: `Bearer ${userToken}` };
  const response = await fetch(new URL(`/api/auth/v1/sessions/${session}/approve`, consentPage), { method: 'POST', headers });
  return client.open(new URL(Object(await response.json()).redirectUrl));
}

if (tabs !== undefined) {
  appendFileSync(tabs, `${new URL(address).origin}\n`);
}
let page = await client.open(new URL(address));
if (page.url.pathname.startsWith('/oauth2/authorize/')) {
  page = await letIn(page.url);
}
if (page.url.pathname.startsWith('/interaction/')) {
  await client.open(page.url, { login, password: 'dev', action: 'login' });
}
