import { stripVTControlCharacters } from 'node:util';

/**
 * @typedef {import('./browser-contexts.mjs').BrowserContexts} BrowserContexts
 * @typedef {Record<string, unknown>} Command
 */

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * The commands; what one returns is added to its answer.
 *
 * @type {Record<string, (contexts: BrowserContexts, context: string, command: Command) => Promise<object>>}
 */
const OPERATIONS = {
  async open(contexts, context, command) {
    const url = text(command, 'url');
    const page = await contexts.open(context);
    const response = await goThere(page, url, timeoutOf(command));
    return { url: page.url(), status: response?.status() ?? null };
  },
  async fill(contexts, context, command) {
    const [selector, value] = [text(command, 'selector'), text(command, 'value')];
    await contexts.page(context).fill(selector, value, { timeout: timeoutOf(command) });
    return {};
  },
  async click(contexts, context, command) {
    await contexts.page(context).click(text(command, 'selector'), { timeout: timeoutOf(command) });
    return {};
  },
  async loginAtIdp(contexts, context, command) {
    const page = contexts.page(context);
    const timeout = timeoutOf(command);
    await page.fill('input[name=login]', text(command, 'login'), { timeout });
    await page.fill('input[name=password]', text(command, 'password'), { timeout });
    await page.click('button[value=login]', { timeout });
    return {};
  },
  async waitFor(contexts, context, command) {
    const page = contexts.page(context);
    const timeout = timeoutOf(command);
    if ('urlPrefix' in command) {
      const prefix = text(command, 'urlPrefix');
      await page.waitForURL((url) => url.href.startsWith(prefix), { timeout, waitUntil: 'commit' });
    } else if ('selector' in command) {
      await page.locator(text(command, 'selector')).first().waitFor({ timeout });
    } else {
      await page.getByText(text(command, 'text')).first().waitFor({ timeout });
    }
    return { url: page.url() };
  },
  async content(contexts, context) {
    const page = contexts.page(context);
    const visible = await page.locator('body').innerText();
    return { url: page.url(), title: await page.title(), text: visible, html: await page.content() };
  },
  async evaluate(contexts, context, command) {
    return { value: await contexts.page(context).evaluate(text(command, 'expression')) };
  },
  async screenshot(contexts, context, command) {
    const path = text(command, 'path');
    await contexts.page(context).screenshot({ path, fullPage: true });
    return { path };
  },
  async requests(contexts, context) {
    return { requests: contexts.requests(context) };
  },
  async cookies(contexts, context) {
    return { cookies: await contexts.cookies(context) };
  },
  async close(contexts, context, command) {
    if ('context' in command) {
      await contexts.close(context);
    }
    return {};
  },
};

/**
 * Carries out one line of standard input. A command that fails is answered, never thrown.
 *
 * @param {BrowserContexts} contexts
 * @param {string} line
 * @returns {Promise<{answer: object, ended: boolean}>} ended: the browser is to close
 */
export async function runCommand(contexts, line) {
  /** @type {Command} */
  let command = {};
  try {
    command = parse(line);
    const op = text(command, 'op');
    const operation = Object.hasOwn(OPERATIONS, op) ? OPERATIONS[op] : undefined;
    if (!operation) {
      throw new Error(`There is no command ${op}; use one of ${Object.keys(OPERATIONS).join(', ')}.`);
    }
    const context = 'context' in command ? text(command, 'context') : 'main';
    const result = await operation(contexts, context, command);
    return { answer: { ok: true, ...named(command), ...result }, ended: op === 'close' && !('context' in command) };
  } catch (error) {
    // Playwright colours its messages.
    const message = stripVTControlCharacters(error instanceof Error ? error.message : String(error));
    return { answer: { ok: false, ...named(command), error: message }, ended: false };
  }
}

/**
 * A command's own `id` comes back with its answer.
 *
 * @param {Command} command
 */
function named(command) {
  return 'id' in command ? { id: command['id'] } : {};
}

/**
 * @param {string} line
 * @returns {Command}
 */
function parse(line) {
  const command = JSON.parse(line);
  if (typeof command !== 'object' || command === null || Array.isArray(command)) {
    throw new Error('A command is a JSON object on one line; send such a line.');
  }
  return command;
}

/**
 * @param {Command} command
 * @param {string} field
 */
function text(command, field) {
  const value = command[field];
  if (typeof value !== 'string') {
    throw new Error(`The command needs a text in "${field}"; add it.`);
  }
  return value;
}

/** @param {Command} command */
function timeoutOf(command) {
  const { timeoutMs } = command;
  return typeof timeoutMs === 'number' ? timeoutMs : DEFAULT_TIMEOUT_MS;
}

/**
 * When no server answers, Chromium navigates to an error page of its own, which would interrupt the page that is opened next. So this
 * fails only after the error page has been loaded.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} url
 * @param {number} timeout milliseconds
 */
async function goThere(page, url, timeout) {
  const onErrorPage = page.waitForEvent('framenavigated', {
    predicate: (frame) => frame === page.mainFrame() && frame.url().startsWith('chrome-error:'),
    timeout,
  }).catch(() => undefined);
  try {
    return await page.goto(url, { timeout });
  } catch (error) {
    if (/net::ERR_(?!ABORTED)/.test(String(error))) {
      await onErrorPage;
    }
    throw error;
  }
}
