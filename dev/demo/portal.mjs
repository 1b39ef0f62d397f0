import { request } from 'node:http';

import escapeHtml from 'escape-html';

import { LoopbackServer } from '../idp/loopback.mjs';
import { register } from './access.mjs';
import { podsIn, printed } from './kubernetes-view.mjs';

/** The demo cluster's name, and the namespaces of its two users. */
export const CLUSTER = 'demo';
export const OWN_NAMESPACE = 'team-a';
export const FOREIGN_NAMESPACE = 'team-b';

/** Where the backend answers at Backstage's own address. */
const BACKEND_PATH = '/api/cluster-auth/';

const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
};

/** Stands where Backstage would be: its page is what the success page links to, and the backend answers below it. */
export class Portal {
  #server;
  /** The backend's address, once it is known. */
  backend = '';
  /** Where a helper runs that takes logins over from this page, if one does. */
  helper = '';

  /** @param {LoopbackServer} server */
  constructor(server) {
    this.#server = server;
    this.port = server.port;
    this.url = `http://localhost:${server.port}`;
    server.serve(async (incoming, response) => {
      if (incoming.url?.startsWith(BACKEND_PATH)) {
        this.#passOn(incoming, response);
        return;
      }
      const failed = (/** @type {Error} */ error) => shown(`The backend does not answer: ${error.message}`);
      const content = incoming.method === 'POST' ? this.#handOver() : this.#pods();
      response.writeHead(200, PAGE_HEADERS).end(page(await content.catch(failed)));
    });
  }

  static async start() {
    return new Portal(await LoopbackServer.listen(0));
  }

  /**
   * Listens where containers reach it, too.
   *
   * @param {number} port 0 takes a free one
   */
  static async startForContainers(port) {
    return new Portal(await LoopbackServer.listenBeyond(port));
  }

  /**
   * As an ingress would: the backend sees its own Host.
   *
   * @param {import('node:http').IncomingMessage} incoming
   * @param {import('node:http').ServerResponse} response
   */
  #passOn(incoming, response) {
    const headers = { ...incoming.headers, host: new URL(this.backend).host };
    const sent = request(new URL(incoming.url ?? '/', this.backend), { method: incoming.method, headers });
    sent.once('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    sent.once('error', () => response.headersSent ? response.destroy() : response.writeHead(502).end());
    incoming.pipe(sent);
  }

  async #pods() {
    const answer = await podsIn(this.backend, CLUSTER, OWN_NAMESPACE);
    const button = '<form method="post"><button id="access">Get K8s access</button></form>';
    return shown('pods' in answer ? printed(answer.pods) : answer.refusal) + (this.helper && button);
  }

  /** Backstage's page submits such a form by itself; here a person does. */
  async #handOver() {
    const token = escapeHtml(await register(this.backend));
    return `<form method="post" action="${this.helper}/start">
<input type="hidden" name="sessionToken" value="${token}">
<button id="hand-over">Go on at the helper</button>
</form>`;
  }

  async stop() {
    this.#server.close();
  }
}

/** @param {string} text */
function shown(text) {
  return `<p>These are felix's pods in ${OWN_NAMESPACE}, read through the backend with felix's own login:</p>
<pre>${escapeHtml(text)}</pre>
`;
}

/** @param {string} content */
function page(content) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Your pods – demo</title>
<style>:root { color-scheme: light dark } body { max-width: 45rem; margin: 10vh auto; padding: 0 1rem; font: 1rem/1.5 system-ui }</style>
<h1>Here Backstage would be</h1>
${content}
<p>The terminal says how to stop it.</p>
</html>
`;
}
