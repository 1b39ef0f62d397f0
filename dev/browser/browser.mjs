#!/usr/bin/env node
// A browser that other programs drive; see --help.
import { createInterface } from 'node:readline';

import { BrowserContexts } from './browser-contexts.mjs';
import { launchChromium } from './chromium.mjs';
import { runCommand } from './commands.mjs';

const USAGE = `Chromium, driven by one JSON command a line, for development and tests only.

  node dev/browser/browser.mjs [--trust-any-certificate] [--help]

Standard output begins with {"role":"browser"}, then holds one answer a command: {"ok":true,…} or {"ok":false,"error":"…"}.
It ends with standard input, on SIGTERM and after {"op":"close"}. CHROMIUM names another program than /usr/bin/chromium.

An "id" in a command comes back in its answer. Every command may name a "context" (default "main"): each is a user of its own, with cookies of its own. A command acts on
the newest page of its context. Those that wait take "timeoutMs" (default 10000).

  {"op":"open","url":…}                       goes there, in a new context when there is none of that name → url, status
  {"op":"fill","selector":…,"value":…}
  {"op":"click","selector":…}
  {"op":"loginAtIdp","login":…,"password":…}  fills in and sends the development identity provider's page
  {"op":"waitFor","text":… | "selector":… | "urlPrefix":…}   → url
  {"op":"content"}                            → url, title, text, html
  {"op":"evaluate","expression":…}            → value
  {"op":"screenshot","path":…}                → path
  {"op":"requests"}                           → requests: [{url, method, status}] of the context, status null without answer
  {"op":"cookies"}                            → cookies
  {"op":"close"}                              with "context" closes that one, without ends everything
`;

const TRUST = '--trust-any-certificate';

async function drive() {
  const browser = await launchChromium();
  const contexts = new BrowserContexts(browser, { trust: process.argv.includes(TRUST) ? 'any-certificate' : 'system' });
  const input = createInterface({ input: process.stdin });
  process.once('SIGTERM', () => input.close());
  send({ role: 'browser' });
  for await (const line of input) {
    const { answer, ended } = await runCommand(contexts, line);
    send(answer);
    if (ended) {
      break;
    }
  }
  await browser.close();
  process.exit(0);
}

/** @param {object} message */
function send(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

if (process.argv.includes('--help')) {
  process.stdout.write(USAGE);
} else {
  await drive();
}
