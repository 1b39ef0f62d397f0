// A stand-in for the browser extension, for what the page says and does; the real one is tested by `make extension-test`.
import { logInAtIdp } from './person.mjs';

/**
 * @typedef {object} Message of the page
 * @property {'ping' | 'start' | 'state'} type
 * @property {string} [sessionToken]
 * @property {Record<string, unknown>[]} [clusters]
 */

const REDIRECT = 'http://localhost:8000/';

/** Hears what the pages of one browser say, answers their pings, and can finish a login as the extension does. */
export class ExtensionStandIn {
  /** @type {Message[]} */
  heard = [];
  /** @type {(() => void)[]} */
  #waiting = [];
  #person;
  #api;

  /**
   * @param {import('./person.mjs').Person} person
   * @param {string} url of Backstage
   */
  constructor(person, url) {
    this.#person = person;
    this.#api = new URL('/api/cluster-auth', url).href;
  }

  /** From the next page on. */
  async install() {
    await this.#person.context.exposeFunction('standInHears', (/** @type {Message} */ message) => {
      this.heard.push(message);
      this.#waiting.splice(0).forEach((wake) => wake());
    });
    await this.#person.context.addInitScript(() => {
      if (window.top !== window) {
        return;
      }
      window.addEventListener('message', ({ source, data }) => {
        if (source !== window || data?.source !== 'cluster-auth-page') {
          return;
        }
        Object(window).standInHears(data);
        if (data.type === 'ping') {
          const pong = { source: 'cluster-auth-extension', type: 'pong', id: data.id, version: '0.0.0' };
          window.postMessage(pong, location.origin);
        }
      });
    });
  }

  /**
   * @param {(message: Message) => boolean} isWanted
   * @returns {Promise<Message>}
   */
  async hears(isWanted) {
    for (;;) {
      const message = this.heard.find(isWanted);
      if (message) {
        return message;
      }
      await new Promise((/** @type {(value: void) => void} */ wake) => this.#waiting.push(wake));
    }
  }

  /** Opens the login of a session in a tab of its own, catches its end, and delivers it. @param {string} [sessionToken] */
  async finish(sessionToken) {
    const headers = { authorization: `Bearer ${sessionToken}`, 'content-type': 'application/json' };
    const { authUrl } = Object(await (await fetch(`${this.#api}/session`, { headers })).json());
    const tab = await this.#person.context.newPage();
    // Nothing listens there: what the extension catches is the request.
    const caught = tab.waitForRequest((request) => request.url().startsWith(REDIRECT));
    await tab.goto(authUrl);
    await logInAtIdp(tab, this.#person.login);
    const body = JSON.stringify(Object.fromEntries(new URL((await caught).url()).searchParams));
    await fetch(`${this.#api}/exchange`, { method: 'POST', headers, body });
    await tab.close();
  }
}
