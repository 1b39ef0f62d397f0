import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

import { inRepository } from '../../../dev/setup/repository.mjs';
import { answerTo, PATIENCE_MS, until } from '../until.mjs';

/**
 * @typedef {import('./browser.mjs').ExtendedBrowser} ExtendedBrowser
 * @typedef {import('./browser.mjs').LaunchOptions} LaunchOptions
 * @typedef {import('./browser.mjs').Tab} Tab
 * @typedef {import('playwright-core').BrowserContext} BrowserContext
 * @typedef {import('playwright-core').Page} Page
 */

/** As many of Chromium's own last lines are told where it does not answer. */
const LINES = 20;

/** The extension, unpacked, as `make extension` leaves it. */
export const EXTENSION = inRepository('target/extension/chrome');

/** @returns {string} the id that Chromium gives to the extension: it is made of the folder's path */
export function extensionId() {
  const hash = createHash('sha256').update(EXTENSION).digest('hex').slice(0, 32);
  return [...hash].map((digit) => String.fromCharCode('a'.charCodeAt(0) + Number.parseInt(digit, 16))).join('');
}

/** Chromium without a window, with the extension. @implements {ExtendedBrowser} */
export class ChromiumWithExtension {
  name = /** @type {const} */ ('Chromium');
  origin = `chrome-extension://${extensionId()}`;
  closed = false;
  #tabs = new WeakMap();

  /**
   * @param {BrowserContext} context
   * @param {string} profile
   */
  constructor(context, profile) {
    this.context = context;
    this.profile = profile;
  }

  /** @param {LaunchOptions} options */
  static async launch({ granted, program = process.env['CHROMIUM'] ?? '/usr/bin/chromium', profile: kept }) {
    const profile = kept ?? (await mkdtemp(join(tmpdir(), 'extension-test-')));
    if (kept === undefined) {
      await grantIn(profile, granted);
    }
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: program,
      headless: true,
      chromiumSandbox: false,
      viewport: { width: 1280, height: 900 },
      args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
        '--disable-sync', '--enable-logging', `--log-file=${logOf(profile)}`, `--disable-extensions-except=${EXTENSION}`, `--load-extension=${EXTENSION}`],
    });
    context.setDefaultTimeout(PATIENCE_MS);
    return new ChromiumWithExtension(context, profile);
  }

  async newTab() {
    return this.tabOf(await answerTo('a new tab', () => this.context.newPage(), () => this.facts()));
  }

  async tabs() {
    return this.context.pages().map((page) => this.tabOf(page));
  }

  /** @param {Page} page @returns {Tab & {page: Page}} */
  tabOf(page) {
    const known = this.#tabs.get(page) ?? new ChromiumTab(page, () => this.facts());
    this.#tabs.set(page, known);
    return known;
  }

  /** @returns {Promise<string>} for errors: what there is in it, and what it has written last */
  async facts() {
    const browser = await this.context.browser()?.newBrowserCDPSession();
    const { targetInfos } = (await browser?.send('Target.getTargets')) ?? { targetInfos: [] };
    await browser?.detach();
    const targets = targetInfos.map(({ type, url, attached }) => `${type} ${url.split('?')[0]}${attached ? '' : ' (not attached)'}`);
    const log = (await readFile(logOf(this.profile), 'utf8')).split('\n').filter((line) => line !== '' && !line.includes('dbus'));
    return [...targets, ...log.slice(-LINES).map((line) => line.replaceAll(/\?\S*/g, ''))].join(' | ');
  }

  /** @returns {Promise<void>} never: access is given before the start, since the browser's prompt cannot be clicked without a window */
  async grant() {
    throw new Error('Chromium gets its access when it is launched; name it in `granted`.');
  }

  /** Ends the service worker, as the browser itself does after half a minute without work. @returns {Promise<number>} how many there were */
  async killWorker() {
    const browser = await this.#session();
    const workers = await this.stopWorkers();
    await until('the service worker has ended', async () => {
      const { targetInfos: left } = await browser.send('Target.getTargets');
      return !left.some(({ targetId }) => workers.includes(targetId));
    });
    await browser.detach();
    return workers.length;
  }

  /** The same without waiting for its end. @returns {Promise<string[]>} what has been told to end */
  async stopWorkers() {
    const browser = await this.#session();
    const { targetInfos } = await browser.send('Target.getTargets');
    const workers = targetInfos.filter(({ type, url }) => type === 'service_worker' && url.startsWith(this.origin));
    for (const { targetId } of workers) {
      await browser.send('Target.closeTarget', { targetId });
    }
    await browser.detach();
    return workers.map(({ targetId }) => targetId);
  }

  async #session() {
    return this.context.newCDPSession(this.context.pages()[0] ?? (await this.context.newPage()));
  }

  async close() {
    if (!this.closed) {
      this.closed = true;
      await this.context.close();
    }
  }

  async discard() {
    await this.close();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 3 });
    await rm(logOf(this.profile), { force: true });
  }
}

/** @param {string} profile @returns {string} beside it: a test looks for secrets in all that the browser keeps */
function logOf(profile) {
  return `${profile}.log`;
}

/** @implements {Tab} */
class ChromiumTab {
  #facts;

  /**
   * @param {Page} page
   * @param {() => Promise<string>} facts of the browser
   */
  constructor(page, facts) {
    this.page = page;
    this.#facts = facts;
  }

  /** @param {string} url */
  async open(url) {
    await this.#answerTo('the way to a page', () => this.page.goto(url, { waitUntil: 'commit' }));
  }

  async address() {
    return this.page.url();
  }

  /**
   * @template Argument
   * @template Result
   * @param {(argument: Argument) => Result} script
   * @param {Argument} argument
   * @returns {Promise<Awaited<Result>>}
   */
  async run(script, argument) {
    // Playwright's own types tell of handles to objects in the page, which no test here passes.
    const answer = this.page.evaluate(/** @type {(argument: unknown) => unknown} */ (script), argument);
    return this.#answerTo('a script', () => /** @type {Promise<Awaited<Result>>} */ (answer));
  }

  /** @param {string} selector */
  async click(selector) {
    await this.page.locator(selector).click();
  }

  /**
   * @param {string} selector
   * @param {string} text
   */
  async fill(selector, text) {
    await this.page.locator(selector).fill(text);
  }

  /** @param {string} path */
  async picture(path) {
    await this.page.screenshot({ path, animations: 'disabled' });
  }

  async close() {
    const session = await this.#answerTo('a session', () => this.page.context().newCDPSession(this.page));
    const { targetInfo } = await this.#answerTo('its target', () => session.send('Target.getTargetInfo'));
    // Chromium now and then confirms a close that comes while a page is being shown, and leaves the tab open; the driver waits for ever.
    await until('the tab has closed', async () => {
      await this.#answerTo('its end', () => session.send('Target.closeTarget', { targetId: targetInfo.targetId })).catch(() => {});
      return this.page.isClosed();
    });
  }

  /**
   * @template T
   * @param {string} what
   * @param {() => Promise<T>} ask
   * @returns {Promise<T>}
   */
  #answerTo(what, ask) {
    return answerTo(`${what} (${this.page.url().split('?')[0]})`, ask, this.#facts);
  }
}

/**
 * Writes into a new profile what Chromium itself writes there when the user has granted access: its prompt is no page, and cannot be
 * clicked without a window. The manifest is left as it is.
 *
 * @param {string} profile
 * @param {string[]} patterns
 */
async function grantIn(profile, patterns) {
  const manifest = JSON.parse(await readFile(join(EXTENSION, 'manifest.json'), 'utf8'));
  const hosts = { explicit_host: [...manifest.host_permissions, ...patterns], scriptable_host: [], manifest_permissions: [] };
  const all = { ...hosts, api: manifest.permissions };
  const settings = {
    [extensionId()]: { active_permissions: all, granted_permissions: all, runtime_granted_permissions: { ...hosts, api: [] } },
  };
  await mkdir(join(profile, 'Default'));
  await writeFile(join(profile, 'Default/Preferences'), JSON.stringify({ extensions: { settings } }));
}
