// The extension's own pages in Chromium, and what they can be shown.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { build } from 'esbuild';
import { chromium } from 'playwright-core';

import { inRepository } from '../../dev/setup/repository.mjs';
import { makeFolder } from '../build/folders.mjs';

/** @typedef {import('playwright-core').Page} Page */

/** Where pictures are kept: for people, and for the stores. */
const PICTURES = inRepository('target/test-output/extension');

// The same axe as Backstage's browser tests have.
const axe = createRequire(inRepository('backstage/package.json')).resolve('axe-core/axe.min.js');

/** The extension in a Chromium of its own. */
export class ExtensionPages {
  #context;
  #folder;
  #id;
  #views = '';

  /**
   * @param {import('playwright-core').BrowserContext} context
   * @param {string} folder to remove at the end
   * @param {string} id of the extension
   */
  constructor(context, folder, id) {
    this.#context = context;
    this.#folder = folder;
    this.#id = id;
  }

  static async launch() {
    const folder = await mkdtemp(join(tmpdir(), 'extension-pages-'));
    const extension = await makeFolder('chrome', '0.1.0', join(folder, 'built'));
    await grantThisMachine(join(extension, 'manifest.json'));
    const context = await chromium.launchPersistentContext(join(folder, 'profile'), {
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      headless: true,
      chromiumSandbox: false,
      args: [
        '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
        `--disable-extensions-except=${extension}`, `--load-extension=${extension}`,
      ],
    });
    const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'));
    return new ExtensionPages(context, folder, new URL(worker.url()).host);
  }

  async close() {
    await this.#context.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** @returns {import('playwright-core').BrowserContext} */
  get context() {
    return this.#context;
  }

  /**
   * A page of the extension, in a tab of its own. What is stored is as in a browser where it was just installed, but for `stored`.
   *
   * @param {'popup' | 'options' | 'confirm' | 'callback'} name
   * @param {object} [given]
   * @param {{ local?: object, session?: object }} [given.stored]
   * @param {unknown[]} [given.managed] the portals of an administrator
   * @param {boolean} [given.allows] what the browser answers when it is asked for a permission: its question cannot be pressed here
   * @param {boolean} [given.permitted] what the browser says of the permissions that the extension has
   * @param {import('playwright-core').ViewportSize} [given.size]
   * @param {'light' | 'dark'} [given.scheme]
   * @returns {Promise<Page>}
   */
  async open(name, { stored = {}, managed, allows, permitted, size = { width: 1000, height: 750 }, scheme = 'light' } = {}) {
    const page = await this.#context.newPage();
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.addInitScript(
      ({ answer, portals, has }) => {
        if (answer !== undefined) {
          const asked = Object.assign(window, { asked: /** @type {unknown[]} */ ([]) }).asked;
          chrome.permissions.request = async (/** @type {unknown} */ what) => (asked.push(what), answer);
        }
        if (has !== undefined) {
          chrome.permissions.contains = async () => has;
        }
        if (portals) {
          chrome.storage.managed.get = async () => ({ portals });
        }
      },
      { answer: allows, portals: managed, has: permitted },
    );
    // A page without a script of ours, to fill the storage before the page itself reads it.
    await page.goto(`chrome-extension://${this.#id}/manifest.json`);
    await page.evaluate(async ({ local, session }) => {
      await chrome.storage.local.clear();
      await chrome.storage.session.clear();
      await chrome.storage.local.set(local ?? {});
      await chrome.storage.session.set(session ?? {});
    }, stored);
    await page.goto(`chrome-extension://${this.#id}/${name}.html`);
    return page;
  }

  /**
   * Shows a state on the page of the callback, or of the confirmation, with the code that they use.
   *
   * @param {Page} page
   * @param {'confirm' | 'callback'} name
   * @param {object} state
   */
  async show(page, name, state) {
    this.#views ||= await bundle();
    await page.evaluate(this.#views);
    await page.evaluate(
      ([which, what]) => {
        const { pressed } = Object.assign(window, { pressed: /** @type {string[]} */ ([]) });
        const { views } = Object(window);
        const actions = { continue: () => pressed.push('continue'), decline: () => pressed.push('decline') };
        views[which === 'confirm' ? 'renderConfirm' : 'renderCallback'](document, what, actions);
      },
      /** @type {const} */ ([name, state]),
    );
  }
}

/**
 * Gives the extension access to this machine's servers: the browser's own question cannot be pressed here.
 *
 * @param {string} path of the manifest
 */
async function grantThisMachine(path) {
  const manifest = JSON.parse(await readFile(path, 'utf8'));
  manifest.host_permissions = [...new Set([...manifest.host_permissions, 'http://localhost/*'])];
  await writeFile(path, JSON.stringify(manifest));
}

/** @returns {Promise<string>} a script that sets `views` */
async function bundle() {
  const { outputFiles } = await build({
    stdin: {
      contents: "export * from './confirm-view'; export * from './callback-view';",
      resolveDir: inRepository('extension/src/pages'),
      loader: 'ts',
    },
    bundle: true,
    format: 'iife',
    globalName: 'views',
    write: false,
  });
  return `${outputFiles[0]?.text}; window.views = views; undefined`;
}

/**
 * Keeps a picture of the page, as large as the page is.
 *
 * @param {Page} page
 * @param {string} name
 * @param {import('playwright-core').PageScreenshotOptions} [options]
 * @returns {Promise<string>} its file
 */
export async function keepPicture(page, name, options = { fullPage: true }) {
  const path = join(PICTURES, `${name}.png`);
  await mkdir(PICTURES, { recursive: true });
  await page.screenshot({ ...options, path });
  return path;
}

/**
 * @param {Page} page
 * @returns {Promise<string[]>} axe's violations: the rule, and the first element that breaks it
 */
export async function violations(page) {
  if (!(await page.evaluate(() => 'axe' in window))) {
    await page.evaluate(await readFile(axe, 'utf8'));
  }
  return page.evaluate(async () => {
    const results = await Object(window).axe.run(document, { resultTypes: ['violations'] });
    return results.violations.map((/** @type {{ id: string, nodes: { html: string }[] }} */ { id, nodes }) => `${id}: ${nodes[0]?.html}`);
  });
}

/**
 * @param {Page} page that was opened with `allows`
 * @returns {Promise<string[]>} the origins for which the browser was asked, without this machine's, which it has
 */
export async function askedFor(page) {
  /** @type {{ origins: string[] }[]} */
  const asked = await page.evaluate(() => Object(window).asked);
  return asked.flatMap(({ origins }) => origins).filter((origin) => !origin.startsWith('http://localhost'));
}

/**
 * @param {Page} page
 * @returns {Promise<number>} by how many pixels it is wider than its window
 */
export async function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
