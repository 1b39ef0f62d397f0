import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import puppeteer from 'puppeteer-core';

import { inRepository } from '../../../dev/setup/repository.mjs';
import { inTime, PATIENCE_MS, until } from '../until.mjs';

/**
 * @typedef {import('./browser.mjs').ExtendedBrowser} ExtendedBrowser
 * @typedef {import('./browser.mjs').LaunchOptions} LaunchOptions
 * @typedef {import('./browser.mjs').Tab} Tab
 * @typedef {import('puppeteer-core').Browser} Browser
 * @typedef {import('puppeteer-core').Page} Page
 */

/** The extension, unpacked, as `make extension` leaves it. */
const EXTENSION = inRepository('target/extension/firefox');

/** Of the address of the extension's pages; Firefox would take another in each profile. */
const UUID = randomUUID();

/** Firefox without a window, with the extension. @implements {ExtendedBrowser} */
export class FirefoxWithExtension {
  name = /** @type {const} */ ('Firefox');
  #browser;
  closed = false;
  #tabs = new WeakMap();

  /**
   * @param {Browser} browser
   * @param {string} profile
   * @param {string} origin
   */
  constructor(browser, profile, origin) {
    this.#browser = browser;
    this.profile = profile;
    this.origin = origin;
  }

  /** @param {LaunchOptions} options */
  static async launch({ granted, program = '/usr/bin/firefox-esr', profile: kept, staysInstalled = false }) {
    const profile = kept ?? (await mkdtemp(join(tmpdir(), 'extension-test-')));
    const manifest = JSON.parse(await readFile(join(EXTENSION, 'manifest.json'), 'utf8'));
    const uuid = UUID;
    if (staysInstalled && kept === undefined) {
      await mkdir(join(profile, 'extensions'));
      await writeFile(join(profile, 'extensions', manifest.browser_specific_settings.gecko.id), EXTENSION);
    }
    const browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: program,
      userDataDir: profile,
      // As root Firefox refuses a home that is another user's.
      env: { ...process.env, HOME: profile },
      headless: true,
      enableExtensions: true,
      timeout: PATIENCE_MS * 3,
      protocolTimeout: PATIENCE_MS * 3,
      // The extension's own pages can be driven only so.
      args: ['--remote-allow-system-access'],
      defaultViewport: { width: 1280, height: 900 },
      extraPrefsFirefox: {
        // A prompt of the browser itself, which no driver can click: without it a request during a click is granted at once.
        'extensions.webextOptionalPermissionPrompts': false,
        'extensions.webextensions.uuids': JSON.stringify({ [manifest.browser_specific_settings.gecko.id]: uuid }),
        // The background is put to sleep after seconds without work, not after half a minute.
        'extensions.background.idle.timeout': 4_000,
        // An extension that has no signature, and that lies in the profile from the beginning.
        ...(staysInstalled && { 'xpinstall.signatures.required': false, 'extensions.autoDisableScopes': 0 }),
        // JSON is a page like others, and not a page of the browser's own.
        'devtools.jsonview.enabled': false,
      },
    });
    const firefox = new FirefoxWithExtension(browser, profile, `moz-extension://${uuid}`);
    if (!staysInstalled) {
      await browser.installExtension(EXTENSION);
    }
    if (granted.length > 0 && kept === undefined) {
      await firefox.grant(granted);
    }
    return firefox;
  }

  /** @returns {Promise<Tab>} */
  async newTab() {
    return this.#tabOf(await inTime(() => this.#browser.newPage()));
  }

  async tabs() {
    const all = (await inTime(() => this.#browser.pages())).map((page) => this.#tabOf(page));
    // The driver goes on to list the extension's own pages when they are closed.
    const open = await Promise.all(all.map((tab) => tab.address().then(() => [tab], () => [])));
    return open.flat();
  }

  /** @param {string[]} origins */
  async grant(origins) {
    const tab = await this.newTab();
    await tab.open(`${this.origin}/options.html`);
    await tab.run((wanted) => {
      const button = document.createElement('button');
      button.id = 'grant';
      button.style.cssText = 'position: fixed; top: 0; left: 0; width: 9em; height: 3em; z-index: 1';
      button.addEventListener('click', async () => {
        button.dataset['granted'] = String(await chrome.permissions.request({ origins: wanted }));
      });
      document.body.append(button);
    }, origins);
    await tab.click('#grant');
    await until('access is granted', () => tab.run(() => document.querySelector('#grant[data-granted=true]') !== null, undefined));
    await tab.close();
  }

  async close() {
    if (!this.closed) {
      this.closed = true;
      await this.#browser.close();
    }
  }

  async discard() {
    await this.close();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 3 });
  }

  /** @param {Page} page @returns {Tab} */
  #tabOf(page) {
    const known = this.#tabs.get(page) ?? new FirefoxTab(page);
    this.#tabs.set(page, known);
    return known;
  }
}

/** @implements {Tab} */
class FirefoxTab {
  #page;

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
  }

  /** @param {string} url */
  async open(url) {
    // The load of an extension's page is never announced, and neither is one that a rule redirects there.
    const shown = new AbortController();
    const gone = this.#page.goto(url, { timeout: PATIENCE_MS, signal: shown.signal }).then(() => true, () => false);
    const before = await this.address().catch(() => '');
    await Promise.race([gone, until(`Firefox shows ${new URL(url).origin}`, async () => {
      if (shown.signal.aborted) {
        return true;
      }
      const now = await this.address();
      return now !== before || now === url;
    })]);
    // What lost the race ends, too: it would ask a closed tab, and keep the process of the tests alive, for a minute.
    shown.abort();
  }

  async address() {
    // The page itself: the driver does not follow it to the extension's own pages.
    return this.run(() => location.href, undefined);
  }

  /**
   * @template Argument
   * @template Result
   * @param {(argument: Argument) => Result} script
   * @param {Argument} argument
   * @returns {Promise<Awaited<Result>>}
   */
  async run(script, argument) {
    const answer = this.#page.evaluate(/** @type {(argument: unknown) => unknown} */ (script), argument);
    return inTime(() => /** @type {Promise<Awaited<Result>>} */ (answer));
  }

  /** @param {string} selector */
  async click(selector) {
    await inTime(() => this.#page.bringToFront());
    // A button that is not enabled yet would ignore the click.
    const element = await this.#element(`${selector}:not(:disabled)`);
    await element.click();
  }

  /**
   * @param {string} selector
   * @param {string} text
   */
  async fill(selector, text) {
    await inTime(() => this.#page.bringToFront());
    const element = await this.#element(selector);
    await element.evaluate((field) => {
      if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) {
        field.value = '';
      }
    });
    await element.type(text);
  }

  /** @param {string} path */
  async picture(path) {
    await this.#page.screenshot({ path: /** @type {`${string}.png`} */ (path) });
  }

  async close() {
    await inTime(() => this.#page.close());
  }

  /** @param {string} selector */
  #element(selector) {
    return until(`the page shows ${selector}`, () => this.#page.$(selector));
  }
}
