/**
 * @typedef {import('playwright-core').Browser} Browser
 * @typedef {import('playwright-core').BrowserContext} BrowserContext
 * @typedef {{url: string, method: string, status: number | null}} RecordedRequest
 */

/** The contexts of one browser by their names, each with the requests its pages made. */
export class BrowserContexts {
  #browser;
  #trust;
  /** @type {Map<string, {context: BrowserContext, requests: RecordedRequest[]}>} */
  #contexts = new Map();

  /**
   * @param {Browser} browser
   * @param {{trust: 'system' | 'any-certificate'}} options
   */
  constructor(browser, { trust }) {
    this.#browser = browser;
    this.#trust = trust;
  }

  /**
   * @param {string} name
   * @returns {Promise<import('playwright-core').Page>} the newest page of that context, which is made when it is new
   */
  async open(name) {
    if (!this.#contexts.has(name)) {
      const context = await this.#browser.newContext({ ignoreHTTPSErrors: this.#trust === 'any-certificate' });
      this.#contexts.set(name, { context, requests: record(context) });
    }
    const { context } = this.#named(name);
    return context.pages().at(-1) ?? context.newPage();
  }

  /**
   * @param {string} name
   * @throws when nothing was opened in it
   */
  page(name) {
    const page = this.#named(name).context.pages().at(-1);
    if (!page) {
      throw new Error(`The context ${name} has no page left; open one first.`);
    }
    return page;
  }

  /** @param {string} name */
  requests(name) {
    return this.#named(name).requests;
  }

  /** @param {string} name */
  cookies(name) {
    return this.#named(name).context.cookies();
  }

  /** @param {string} name */
  async close(name) {
    await this.#named(name).context.close();
    this.#contexts.delete(name);
  }

  /** @param {string} name */
  #named(name) {
    const found = this.#contexts.get(name);
    if (!found) {
      throw new Error(`There is no context ${name}; open a page in it first.`);
    }
    return found;
  }
}

/**
 * @param {BrowserContext} context
 * @returns {RecordedRequest[]} grows with every request
 */
function record(context) {
  /** @type {RecordedRequest[]} */
  const requests = [];
  /** @type {WeakMap<import('playwright-core').Request, RecordedRequest>} */
  const entries = new WeakMap();
  context.on('request', (request) => {
    const entry = { url: request.url(), method: request.method(), status: null };
    entries.set(request, entry);
    requests.push(entry);
  });
  context.on('response', (response) => {
    const entry = entries.get(response.request());
    if (entry) {
      entry.status = response.status();
    }
  });
  return requests;
}
