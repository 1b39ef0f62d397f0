import assert from 'node:assert/strict';

import { signIn } from '../../dev/backstage/sign-in-flow.mjs';
import { PASSWORD } from '../../dev/idp/accounts.mjs';
import { Gone, PATIENCE_MS, until } from './until.mjs';

/**
 * @typedef {import('./browsers/browser.mjs').ExtendedBrowser} ExtendedBrowser
 * @typedef {import('./browsers/browser.mjs').Tab} Tab
 */

/** A user of a portal, at a browser with the extension. The tests say what a page of the portal says; `in-backstage.test.mjs` has the real one. */
export class PortalUser {
  #token = '';

  /**
   * @param {object} place
   * @param {ExtendedBrowser} place.browser
   * @param {string} place.portal the address of Backstage
   * @param {string} place.issuer of the identity provider
   * @param {'felix' | 'mara'} [place.login]
   */
  constructor({ browser, portal, issuer, login = 'felix' }) {
    this.browser = browser;
    this.portal = portal;
    this.issuer = issuer;
    this.login = login;
  }

  /**
   * Sends a request as this user.
   *
   * @param {string} path below /api/cluster-auth
   * @param {{method?: string, body?: object}} [request]
   */
  async ask(path, { method = 'GET', body } = {}) {
    this.#token ||= (await signIn({ backstage: this.portal, login: this.login, password: PASSWORD })).userToken;
    const answer = await fetch(new URL(`/api/cluster-auth${path}`, this.portal), {
      method,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    assert.equal(answer.status, 200, `${method} ${path}`);
    return Object(await answer.json());
  }

  /** @returns {Promise<boolean>} whether the backend keeps a login of theirs */
  async isConnected() {
    const { clusters } = await this.ask('/status');
    return clusters.some((/** @type {{connected: boolean}} */ { connected }) => connected);
  }

  async disconnect() {
    await this.ask('/tokens', { method: 'DELETE' });
  }

  /**
   * @param {string} [url]
   * @returns {Promise<Tab>} a page of the portal's, with the extension behind it
   */
  async openPortal(url = `${this.portal}/api/cluster-auth/info`) {
    const tab = await this.browser.newTab();
    await tab.open(url);
    await until('the extension answers', () => knock(tab));
    return tab;
  }

  /**
   * Begins a login as the portal's page does.
   *
   * @param {Tab} [page] of the portal
   * @param {() => Promise<unknown>} [between] what happens between the session and the message
   */
  async begin(page, between = async () => {}) {
    const { sessionToken, authUrl } = await this.ask('/register', { method: 'POST', body: { cluster: 'development' } });
    const tab = page ?? (await this.openPortal());
    const before = await this.browser.tabs();
    await between();
    const id = `start-${crypto.randomUUID()}`;
    await say(tab, { type: 'start', id, sessionToken });
    return new Login(this, { tab, before, id, sessionToken, state: new URL(authUrl).searchParams.get('state') ?? '' });
  }
}

/** One login, from the message of the portal's page to its answer. */
export class Login {
  #user;
  #before;
  #id;
  /** @type {Tab | undefined} */
  #tab;

  /**
   * @param {PortalUser} user
   * @param {{tab: Tab, before: Tab[], id: string, sessionToken: string, state: string}} begun
   */
  constructor(user, { tab, before, id, sessionToken, state }) {
    this.#user = user;
    this.#before = before;
    this.#id = id;
    this.portalTab = tab;
    this.sessionToken = sessionToken;
    this.state = state;
  }

  /** @returns {Promise<Tab>} the one that the extension opened for it */
  async tab() {
    this.#tab ??= await until('a tab has opened for the login', async () => {
      const refusal = (await heard(this.portalTab)).find(({ type, id }) => type === 'result' && id === this.#id);
      if (refusal) {
        throw new Gone(`The login was refused with ${refusal.code}: ${refusal.message}`);
      }
      const tabs = await this.#user.browser.tabs();
      const added = tabs.filter((tab) => !this.#before.includes(tab));
      for (const tab of added) {
        if (await this.#isOurs(tab).catch(() => false)) {
          return tab;
        }
      }
      return undefined;
    });
    return this.#tab;
  }

  /** Continues on the page that shows the account, where there is one. @returns {Promise<Tab>} with the provider's page */
  async atProvider() {
    const tab = await this.tab();
    const place = await until('the provider or the question is there', async () => {
      const address = await tab.address();
      return address.startsWith(this.#user.issuer) || (await outcomeOf(tab)) === 'confirm' ? address : undefined;
    });
    if (!place.startsWith(this.#user.issuer)) {
      await tab.click('#continue');
    }
    await until('the provider asks', () => tab.run(() => document.querySelector('input[name=login]') !== null, undefined));
    return tab;
  }

  /** Fills in the provider's form. */
  async logIn() {
    const tab = await this.atProvider();
    await tab.fill('input[name=login]', this.#user.login);
    await tab.fill('input[name=password]', PASSWORD);
    await tab.click('button[value=login]');
  }

  async deny() {
    const tab = await this.atProvider();
    await tab.click('button[value=deny]');
  }

  /** @returns {Promise<Heard>} what the portal's page was told */
  async result() {
    return until('the page has its answer', async () => {
      const all = await heard(this.portalTab);
      return all.find(({ type, id }) => type === 'result' && id === this.#id);
    });
  }

  /** @param {Tab} tab */
  async #isOurs(tab) {
    const address = await tab.address();
    return address.startsWith(this.#user.issuer) || address.startsWith(this.#user.browser.origin);
  }
}

/** @param {Tab} tab @returns {Promise<string | undefined>} what a page of the extension shows, by its stable name */
export async function outcomeOf(tab) {
  return tab.run(() => document.body.dataset['outcome'], undefined);
}

/**
 * A message of the portal's page; what comes back is kept in the page.
 *
 * @param {Tab} tab
 * @param {object} message
 */
export async function say(tab, message) {
  await tab.run((said) => {
    const place = /** @type {{heard?: unknown[]}} */ (/** @type {unknown} */ (window));
    if (!place.heard) {
      const all = (place.heard = /** @type {unknown[]} */ ([]));
      addEventListener('message', ({ data }) => {
        if (Object(data).source === 'cluster-auth-extension') {
          all.push(data);
        }
      });
    }
    postMessage({ source: 'cluster-auth-page', ...said }, location.origin);
  }, message);
}

/** @typedef {{type: string, id: string, ok?: boolean, code?: string, message?: string}} Heard a message of the extension's */

/** @param {Tab} tab @returns {Promise<Heard[]>} all that came since `say` */
export async function heard(tab) {
  return tab.run(() => /** @type {{heard?: Heard[]}} */ (/** @type {unknown} */ (window)).heard ?? [], undefined);
}

/** @param {Tab} tab @returns {Promise<boolean>} whether the extension has answered */
export async function knock(tab) {
  if (!(await heard(tab)).some(({ type }) => type === 'pong')) {
    await say(tab, { type: 'ping', id: `ping-${crypto.randomUUID()}` });
    return (await heard(tab)).some(({ type }) => type === 'pong');
  }
  return true;
}
