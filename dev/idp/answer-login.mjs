#!/usr/bin/env node
// Answers the login page of the development identity provider without a browser, for tests: prints where it redirects to.
//   node dev/idp/answer-login.mjs AUTH_URL LOGIN login|deny
import { CookieJarClient } from './scripted-login.mjs';

const [authUrl = '', login = '', action = ''] = process.argv.slice(2);
const browser = new CookieJarClient();
const page = await browser.navigate(authUrl);
const answered = await browser.navigate(page.url, new URLSearchParams({ login, password: 'dev', action }));
process.stdout.write(`${answered.url.href}\n`);
