import escapeHtml from 'escape-html';

/** What each answer carries, unless it is to carry the headers of a Backstage. @type {Record<string, string>} */
export const PAGE_HEADERS = {
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'",
};

/**
 * @param {string} namespace
 * @param {string} text the pods, or why there are none
 * @param {string} helper the address of a helper that takes logins over; empty when there is none
 */
export function podList(namespace, text, helper) {
  const button = '<form method="post"><button id="access">Get K8s access</button></form>';
  return `<p>These are felix's pods in ${namespace}, read through the backend with felix's own login:</p>
<pre>${escapeHtml(text)}</pre>
${helper && button}`;
}

/**
 * Backstage's page submits such a form by itself; here a person does.
 *
 * @param {string} helper
 * @param {string} sessionToken
 */
export function handOverForm(helper, sessionToken) {
  return `<form method="post" action="${escapeHtml(helper)}/start">
<input type="hidden" name="sessionToken" value="${escapeHtml(sessionToken)}">
<button id="hand-over">Go on at the helper</button>
</form>`;
}

/** @param {Error} error */
export function backendAway(error) {
  return `<p>The backend does not answer: ${escapeHtml(error.message)}</p>`;
}

/** @param {string} content */
export function page(content) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Your pods – demo</title>
<style>:root { color-scheme: light dark } body { max-width: 45rem; margin: 10vh auto; padding: 0 1rem; font: 1rem/1.5 system-ui }</style>
<script src="/page.js"></script>
<h1>Here Backstage would be</h1>
${content}
<p>The terminal says how to stop it.</p>
</html>
`;
}
