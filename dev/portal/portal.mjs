import { readFile } from 'node:fs/promises';
import { request } from 'node:http';

import { issueCertificates } from '../cluster/certificates.mjs';
import { LoopbackServer } from '../idp/loopback.mjs';
import { register } from './access.mjs';
import { podsIn, printed } from './kubernetes-view.mjs';
import { backendAway, handOverForm, page, PAGE_HEADERS, podList } from './pages.mjs';

/** The demo cluster's name, and the namespaces of its two users. */
export const CLUSTER = 'demo';
export const OWN_NAMESPACE = 'team-a';
export const FOREIGN_NAMESPACE = 'team-b';

/** The backend's path at Backstage's address. */
const BACKEND_PATH = '/api/cluster-auth/';

/** Headers that belong to a single answer, and are not copied from Backstage's. */
const OF_ONE_ANSWER = ['connection', 'content-length', 'content-type', 'date', 'etag', 'keep-alive', 'transfer-encoding'];

const SCRIPT_PATH = '/page.js';
const SCRIPT = new URL('page.js', import.meta.url);

/**
 * @typedef {object} PortalOptions
 * @property {number} [port] 0 takes a free one
 * @property {boolean} [inContainer] listens where a published port reaches it
 * @property {string} [headersOf] a running Backstage; its headers are sent, under https
 */

/**
 * Stands where Backstage would be: its page is what the success page links to, it hands logins over to a helper, and the backend
 * answers below it.
 */
export class Portal {
  #server;
  #script;
  /** The backend's address, once it is known. */
  backend = '';
  /** The address of a helper that takes logins over from this page; empty when there is none. */
  helper = '';

  /**
   * @param {LoopbackServer} server
   * @param {{scheme: 'http' | 'https', headers: Record<string, string>, script: Buffer}} parts
   */
  constructor(server, { scheme, headers, script }) {
    this.#server = server;
    this.#script = script;
    this.port = server.port;
    this.url = `${scheme}://localhost:${server.port}`;
    this.headers = headers;
    server.serve((incoming, response) => this.#answer(incoming, response));
  }

  /** @param {PortalOptions} [options] */
  static async start({ port = 0, inContainer = false, headersOf } = {}) {
    const headers = headersOf === undefined ? PAGE_HEADERS : await headersFrom(headersOf);
    const tls = headersOf === undefined ? undefined : await certificate();
    const server = await (inContainer ? LoopbackServer.listenBeyond(port) : LoopbackServer.listen(port, tls));
    return new Portal(server, { scheme: tls ? 'https' : 'http', headers, script: await readFile(SCRIPT) });
  }

  /**
   * @param {import('node:http').IncomingMessage} incoming
   * @param {import('node:http').ServerResponse} response
   */
  async #answer(incoming, response) {
    if (incoming.url?.startsWith(BACKEND_PATH) && this.backend) {
      this.#passOn(incoming, response);
    } else if (incoming.url === SCRIPT_PATH) {
      response.writeHead(200, { ...this.headers, 'content-type': 'text/javascript' }).end(this.#script);
    } else {
      const content = await this.#content(incoming.method).catch(backendAway);
      response.writeHead(200, { ...this.headers, 'content-type': 'text/html; charset=utf-8' }).end(page(content));
    }
  }

  /**
   * Passes a request on as an ingress would: the backend sees its own Host.
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

  /**
   * @param {string | undefined} method
   * @returns {Promise<string>}
   */
  async #content(method) {
    if (!this.backend) {
      return '';
    }
    if (method === 'POST') {
      return handOverForm(this.helper, await register(this.backend));
    }
    const answer = await podsIn(this.backend, CLUSTER, OWN_NAMESPACE);
    return podList(OWN_NAMESPACE, 'pods' in answer ? printed(answer.pods) : answer.refusal, this.helper);
  }

  async stop() {
    this.#server.close();
  }
}

/**
 * @param {string} backstage its address
 * @returns {Promise<Record<string, string>>} the headers of its pages
 */
export async function headersFrom(backstage) {
  const answer = await fetch(backstage);
  return Object.fromEntries([...answer.headers].filter(([name]) => !OF_ONE_ANSWER.includes(name)));
}

async function certificate() {
  const { certificate: cert, key } = await issueCertificates(new Date());
  return { cert, key };
}
