import { readFile } from 'node:fs/promises';

/**
 * @typedef {object} Body
 * @property {string} [text]
 * @property {string} [encoding]
 * @property {number} [size]
 * @typedef {object} Exchange one request and its answer, as in a HAR file
 * @property {{url: string, method: string}} request
 * @property {{status: number, content: Body}} response
 */

/** All requests and answers of a browser, in all its tabs, from its HAR file. */
export class Recording {
  /** @param {Exchange[]} exchanges */
  constructor(exchanges) {
    this.exchanges = exchanges;
    this.#texts = exchanges.map(readable);
  }

  #texts;

  /** @param {string} file written when the browser was closed */
  static async read(file) {
    return new Recording(Object(JSON.parse(await readFile(file, 'utf8'))).log.entries);
  }

  /**
   * @param {string[]} secrets
   * @returns {string[]} the addresses, without their queries, of the exchanges that hold one of them anywhere
   */
  holdingOneOf(secrets) {
    return this.exchanges
      .filter((_, index) => secrets.some((secret) => this.#texts[index]?.includes(secret)))
      .map(({ request }) => `${request.method} ${request.url.split('?')[0]}`);
  }

  /**
   * @returns {string[]} the addresses of answers without a recorded body; not of the app's own files, which are the same for all
   *   users and which a browser drops when it leaves the page
   */
  get withoutBody() {
    return this.exchanges
      .filter(({ response: { status, content } }) => status === 200 && content.text === undefined)
      .filter(({ request }) => !new URL(request.url).pathname.startsWith('/static/'))
      .map(({ request }) => `${request.method} ${request.url.split('?')[0]}`);
  }
}

/**
 * @param {Exchange} exchange
 * @returns {string} everything in it: address, headers, bodies, frames of a WebSocket
 */
function readable(exchange) {
  const { text = '', encoding } = exchange.response.content;
  const body = encoding === 'base64' ? Buffer.from(text, 'base64').toString('latin1') : '';
  return JSON.stringify(exchange) + body;
}
