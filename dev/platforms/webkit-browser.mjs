import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { PASSWORD } from '../idp/accounts.mjs';
import { freePort } from '../idp/loopback.mjs';

/** The browser that comes with Debian's WebKitGTK; its folder carries the version of the interface. */
const MINI_BROWSER = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';

/** The name under which a driver hands out elements (W3C WebDriver, 12.1). */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/** Longer than a page takes on a machine that has other work. */
const PATIENCE_MS = 60_000;

/** WebKit's own browser, driven by a few calls of W3C WebDriver. Its windows are on a screen in memory. */
export class WebKitBrowser {
  #driver;
  #screen;
  #session;
  /** The tabs that were there when the page was opened. @type {unknown[]} */
  #tabs = [];

  /**
   * @param {import('node:child_process').ChildProcess} screen
   * @param {import('node:child_process').ChildProcess} driver
   * @param {string} session its address
   */
  constructor(screen, driver, session) {
    this.#screen = screen;
    this.#driver = driver;
    this.#session = session;
  }

  /** @param {string[]} [more] arguments of the browser */
  static async start(more = []) {
    const { screen, display } = await startScreen();
    const port = await freePort();
    const driver = spawn('WebKitWebDriver', [`--port=${port}`], { env: { ...process.env, DISPLAY: display }, stdio: 'ignore' });
    const base = `http://127.0.0.1:${port}`;
    await until(async () => (await fetch(`${base}/status`)).ok);
    const capabilities = {
      acceptInsecureCerts: true,
      'webkitgtk:browserOptions': { binary: MINI_BROWSER, args: ['--automation', ...more] },
    };
    const { sessionId } = Object(await call('POST', `${base}/session`, { capabilities: { alwaysMatch: capabilities } }));
    return new WebKitBrowser(screen, driver, `${base}/session/${sessionId}`);
  }

  /** @param {string} url */
  async open(url) {
    await this.#call('POST', '/url', { url });
    this.#tabs = await this.#handles();
  }

  /** @returns {Promise<string>} */
  async address() {
    return String(await this.#call('GET', '/url'));
  }

  /**
   * Runs a script in the page.
   *
   * @param {string} script
   * @param {unknown[]} [args]
   */
  run(script, args = []) {
    return this.#call('POST', '/execute/sync', { script, args });
  }

  /** Clicks once it is there. @param {string} selector */
  async click(selector) {
    await this.#call('POST', `/element/${await this.waitFor(selector)}/click`, {});
  }

  /**
   * Fills in a field as a whole: typed letters would go to whichever field has the focus.
   *
   * @param {string} selector of CSS
   * @param {string} text
   */
  async fill(selector, text) {
    await this.waitFor(selector);
    await this.run('document.querySelector(arguments[0]).value = arguments[1]', [selector, text]);
  }

  /** Logs felix in at the development identity provider. */
  async logInAtIdp() {
    await this.fill('input[name=login]', 'felix');
    await this.fill('input[name=password]', PASSWORD);
    await this.click('button[value=login]');
  }

  /**
   * @param {string} selector of CSS, or an XPath
   * @returns {Promise<string>} what names the element
   * @throws with what the page shows instead
   */
  async waitFor(selector) {
    const search = { using: selector.startsWith('//') ? 'xpath' : 'css selector', value: selector };
    const found = await until(() => this.#call('POST', '/element', search)).catch(async (cause) => {
      const shown = await this.run('return `${location.origin}: ${document.body.innerText.slice(0, 500)}`');
      throw new Error(`WebKit does not show ${selector}, but ${shown}`, { cause });
    });
    return Object(found)[ELEMENT];
  }

  /** Goes on in the tab that the page has opened since. */
  async goToNewTab() {
    const handle = await until(async () => (await this.#handles()).find((one) => !this.#tabs.includes(one)));
    await this.#call('POST', '/window', { handle });
  }

  async stop() {
    await this.#call('DELETE', '').catch(() => undefined);
    for (const child of [this.#driver, this.#screen]) {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    }
  }

  /** Goes on in the tab of the page that was opened; the other one may have closed itself. */
  async goBack() {
    await this.#call('POST', '/window', { handle: this.#tabs[0] });
  }

  async #handles() {
    return /** @type {unknown[]} */ (await this.#call('GET', '/window/handles'));
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   */
  #call(method, path, body) {
    return call(method, `${this.#session}${path}`, body);
  }
}

/** A screen in memory; the server chooses a free number and tells it. */
async function startScreen() {
  const args = ['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp'];
  const screen = spawn('Xvfb', args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const told = /** @type {import('node:stream').Readable} */ (screen.stdio[3]);
  const [number] = await once(createInterface({ input: told }), 'line');
  return { screen, display: `:${number}` };
}

/**
 * @param {string} method
 * @param {string} url
 * @param {object} [body]
 * @returns {Promise<unknown>}
 * @throws with what the driver says
 */
async function call(method, url, body) {
  const answer = await fetch(url, { method, ...(body && { body: JSON.stringify(body) }) });
  const { value } = Object(await answer.json());
  if (!answer.ok) {
    throw new Error(`WebKit could not ${method} ${new URL(url).pathname.split('/').slice(3).join('/')}: ${value.error}, ${value.message}`);
  }
  return value;
}

/**
 * Asks again until there is an answer: WebDriver tells nothing by itself.
 *
 * @template T
 * @param {() => Promise<T | undefined | false>} ask
 * @returns {Promise<T>}
 */
async function until(ask) {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer) {
      return answer;
    }
    if (performance.now() > deadline) {
      throw new Error('WebKit does not go on: see that WebKitWebDriver and MiniBrowser start on this machine');
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
