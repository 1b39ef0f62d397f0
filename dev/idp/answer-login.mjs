#!/usr/bin/env node
// Answers the login page of the development identity provider without a browser, for tests: prints where it redirects to.
//   node dev/idp/answer-login.mjs AUTH_URL LOGIN login|deny
//   node dev/idp/answer-login.mjs - LOGIN login|deny      a line of standard input each, in that order
import { createInterface } from 'node:readline';

import { CookieJarClient } from './scripted-login.mjs';

const [authUrl = '', login = '', action = ''] = process.argv.slice(2);

/** @param {string} url */
async function answer(url) {
  const browser = new CookieJarClient();
  const page = await browser.navigate(url);
  const answered = await browser.navigate(page.url, new URLSearchParams({ login, password: 'dev', action }));
  process.stdout.write(`${answered.url.href}\n`);
}

if (authUrl === '-') {
  for await (const line of createInterface({ input: process.stdin })) {
    await answer(line);
  }
} else {
  await answer(authUrl);
}
