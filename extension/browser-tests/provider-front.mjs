import { request as ask } from 'node:http';

import { LoopbackServer } from '../../dev/idp/loopback.mjs';

/** Where the redirect goes that the extension catches. */
export const CALLBACK = 'http://localhost:8000/';

/**
 * How a provider sends the browser back.
 *
 * @typedef {(callback: URL, front: Front) => {status: number, headers: Record<string, string>, body?: string}} SendBack
 */

/** @param {string} body */
const page = (body) => ({ status: 200, headers: { 'content-type': 'text/html' }, body: `<!doctype html><title>Going on</title>${body}` });

/** @param {string} location */
const redirect = (location, status = 302) => ({ status, headers: { location } });

/** @param {string} text */
const quoted = (text) => JSON.stringify(text).replaceAll('<', String.raw`\u003c`);

/** @param {string} text */
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');

/** The ways in which providers do it. @satisfies {Record<string, SendBack>} */
export const WAYS = {
  'a 302': (callback) => redirect(callback.href),
  'a chain of 302s over two hosts': (callback, front) => redirect(front.hop(callback, 3)),
  'a form that posts itself, and then a 302': (callback, front) =>
    page(`<form method="post" action="${escaped(front.hop(callback, 0))}"></form><script>document.forms[0].submit()</script>`),
  'a script that sets the address': (callback) => page(`<script>location.href = ${quoted(callback.href)}</script>`),
  'a script that replaces the address': (callback) => page(`<script>location.replace(${quoted(callback.href)})</script>`),
  'a meta refresh': (callback) => page(`<meta http-equiv="refresh" content="0;url=${escaped(callback.href)}">`),
  'a link that the user clicks': (callback) => page(`<a id="back" href="${escaped(callback.href)}">Back</a>`),
};

/** What the world sees of the identity provider: it passes everything on, and sends the browser back in a way of its own. */
export class Front {
  #server;
  #port = 0;
  /** The next logins are sent back like this. @type {SendBack} */
  sendBack = WAYS['a 302'];
  /** Where logins were to be sent back to, codes and states included. @type {URL[]} */
  callbacks = [];
  /** How many logins to a cluster have been asked for. */
  authorizations = 0;

  /** @param {LoopbackServer} server */
  constructor(server) {
    this.#server = server;
    // Another host than the portal's: access to the one is not access to the other.
    this.issuer = `http://127.0.0.1:${server.port}/`;
    server.serve((request, response) => this.#answer(request, response));
  }

  static async start() {
    return new Front(await LoopbackServer.listen(0));
  }

  /** @param {number} port the identity provider's own */
  forwardTo(port) {
    this.#port = port;
  }

  /**
   * An address that leads to the callback over so many others, on two hosts in turn.
   *
   * @param {URL} callback
   * @param {number} more
   */
  hop(callback, more) {
    const host = more % 2 === 0 ? '127.0.0.1' : 'localhost';
    return `http://${host}:${this.#server.port}/hop/${more}?${new URLSearchParams({ to: callback.href })}`;
  }

  close() {
    this.#server.close();
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  #answer(request, response) {
    const url = new URL(request.url ?? '/', this.issuer);
    const [, more] = /^\/hop\/(\d+)$/.exec(url.pathname) ?? [];
    const to = url.searchParams.get('to');
    if (more !== undefined && to !== null) {
      const location = more === '0' ? to : this.hop(new URL(to), Number(more) - 1);
      response.writeHead(more === '0' ? 303 : 302, { 'cache-control': 'no-store', location }).end();
      return;
    }
    // Not the sign-in to Backstage, for which the same provider is asked.
    if (url.pathname === '/authorize' && url.searchParams.get('redirect_uri')?.startsWith(CALLBACK)) {
      this.authorizations += 1;
    }
    this.#passOn(request, response);
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  #passOn(request, response) {
    const { method, url: path, headers } = request;
    const passed = ask({ host: '127.0.0.1', port: this.#port, method, path, headers }, (answer) => {
      const { location } = answer.headers;
      if (!location?.startsWith(CALLBACK)) {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
        return;
      }
      answer.resume();
      const callback = new URL(location);
      this.callbacks.push(callback);
      const sent = this.sendBack(callback, this);
      const cookies = answer.headers['set-cookie'];
      response.writeHead(sent.status, { 'cache-control': 'no-store', ...sent.headers, ...(cookies && { 'set-cookie': cookies }) }).end(sent.body);
    });
    passed.once('error', () => response.destroy());
    request.pipe(passed);
  }
}
