import { createHash } from 'node:crypto';

import escapeHtml from 'escape-html';

import { accounts, PASSWORD } from './accounts.mjs';

const STYLE = `
:root { color-scheme: light dark; --page: #f4f5f7; --card: #fff; --text: #1d2433; --quiet: #5a6478; --line: #cdd3de;
  --action: #2457c5; --on-action: #fff; --wrong: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --page: #12151c; --card: #1c212b; --text: #e6e9f0; --quiet: #a0a9bb;
  --line: #3a4252; --action: #8ab0ff; --on-action: #0d1b3a; --wrong: #ffb4ab; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--page);
  color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 26rem; padding: 2rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .75rem; }
h1 { margin: 0 0 .25rem; font-size: 1.375rem; line-height: 1.3; }
p { margin: 0; } .quiet { color: var(--quiet); font-size: .9375rem; overflow-wrap: anywhere; }
.wrong { margin-top: 1rem; color: var(--wrong); font-weight: 600; }
label { display: block; margin-top: 1.25rem; font-weight: 600; }
input { display: block; width: 100%; margin-top: .375rem; padding: .625rem .75rem; font: inherit; font-weight: 400;
  color: inherit;
  background: var(--page); border: 1px solid var(--line); border-radius: .5rem; }
input:focus-visible, button:focus-visible { outline: 2px solid var(--action); outline-offset: 2px; }
.buttons { display: flex; gap: .75rem; margin: 1.5rem 0 1.25rem; }
button { flex: 1; padding: .625rem 1rem; font: inherit; font-weight: 600; border-radius: .5rem; cursor: pointer;
  border: 1px solid var(--line); background: transparent; color: var(--text); }
button[value=login] { border-color: var(--action); background: var(--action); color: var(--on-action); }
`;

/** The page needs its own style and nothing else. No form-action: Chromium would apply it to the redirect as well. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** @type {Record<string, string>} */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'referrer-policy': 'no-referrer',
};

/**
 * @typedef {object} LoginPage
 * @property {string} clientId the client that asks
 * @property {string | undefined} organization
 * @property {string} login what the username field holds
 * @property {string | undefined} wrong what was wrong with the last attempt
 */

/**
 * @param {LoginPage} page
 * @returns {string} HTML that works without JavaScript
 */
export function loginPage({ clientId, organization, login, wrong }) {
  const asked = organization ? `${clientId} asks you to log in to ${organization}.` : `${clientId} asks you to log in.`;
  return document('Log in', `
<h1>Log in</h1>
<p class="quiet">${escapeHtml(asked)}</p>
${wrong ? `<p class="wrong" role="alert">${escapeHtml(wrong)}</p>` : ''}
<form method="post">
<label>Username
<input name="login" value="${escapeHtml(login)}" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus></label>
<label>Password
<input name="password" type="password" autocomplete="current-password" required></label>
<div class="buttons">
<button name="action" value="login">Log in</button>
<button name="action" value="deny" formnovalidate>Deny</button>
</div>
</form>
<p class="quiet">Development identity provider. Users: ${accounts.map((account) => account.login).join(', ')}. Password: ${PASSWORD}.</p>`);
}

/**
 * @param {string} title
 * @param {string} message what happened and what to do next
 * @returns {string} HTML for a login that cannot go on
 */
export function loginStoppedPage(title, message) {
  return document(title, `
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(message)}</p>`);
}

/**
 * @param {string} title
 * @param {string} body
 */
function document(title, body) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} – development identity provider</title>
<style>${STYLE}</style>
</head>
<body><main>${body}
</main></body>
</html>
`;
}
