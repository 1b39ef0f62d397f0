#!/usr/bin/env node
// The browser of a user, as `login` opens it: `browser.mjs NAME ADDRESS` follows the link, and logs in at the identity provider that it leads to.
import { inRepository } from '../setup/repository.mjs';

// Its packages are those of dev/backstage, which types for dev/ do not know.
const { CookieClient } = await import(inRepository('dev/backstage/cookie-client.mjs'));

const [login = '', address = ''] = process.argv.slice(2);
const client = new CookieClient();
const page = await client.open(new URL(address));
await client.open(page.url, { login, password: 'dev', action: 'login' });
