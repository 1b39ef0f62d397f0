import assert from 'node:assert/strict';

/**
 * @typedef {import('../../dev/browser/chromium.mjs').BrowserContext} BrowserContext
 * @typedef {import('../../dev/browser/chromium.mjs').Page} Page
 */

/** The password of all users at the development identity provider. */
const PASSWORD = 'dev';

/** The path of the page that ends a sign-in to Backstage. */
const SIGN_IN_ANSWER = '/api/auth/oidc/handler/frame';

/** Longer than anything in a browser takes, even on a busy machine. */
export const PATIENCE_MS = 30_000;

/** A person at their own browser, with Backstage open. */
export class Person {
  #url;
  #artefact;
  #left = false;
  /** Good for an hour. @type {Promise<string> | undefined} */
  #token;

  /**
   * @param {'felix' | 'mara'} login
   * @param {object} browser
   * @param {BrowserContext} browser.context
   * @param {Page} browser.page for Backstage
   * @param {string} browser.url of Backstage
   * @param {(name: string) => string} browser.artefact the path of a file that is kept
   */
  constructor(login, { context, page, url, artefact }) {
    this.login = login;
    this.context = context;
    this.page = page;
    this.dialog = page.getByRole('dialog', { name: 'Get K8s access' });
    this.#url = url;
    this.#artefact = artefact;
  }

  /** Signs in to Backstage. */
  async signIn() {
    // The window would close as soon as it has its answer, and on a busy machine before a recording of the browser has it, too.
    await this.context.addInitScript((path) => {
      if (location.pathname === path) {
        window.close = () => {};
      }
    }, SIGN_IN_ANSWER);
    await this.page.goto(this.#url);
    const opened = this.context.waitForEvent('page');
    const button = this.page.getByRole('button', { name: 'Sign In' });
    await button.click();
    const popup = await opened;
    const answered = popup.waitForResponse((response) => new URL(response.url()).pathname === SIGN_IN_ANSWER);
    await logInAtIdp(popup, this.login);
    await (await answered).body();
    await button.waitFor({ state: 'detached' });
    await popup.close();
  }

  /**
   * Goes to a page of Backstage, which is loaded again.
   *
   * @param {string} path
   */
  async open(path) {
    await this.page.goto(new URL(path, this.#url).href);
  }

  /** @param {string} component its overview, with the card, is opened */
  async openComponent(component) {
    await this.open(`/catalog/default/component/${component}`);
  }

  /** @param {string} component its Kubernetes tab is opened */
  async openKubernetesTab(component) {
    await this.open(`/catalog/default/component/${component}/kubernetes`);
  }

  /** Presses the button on the card of a component. */
  async getAccess() {
    await this.page.getByRole('button', { name: 'Get K8s access' }).click();
    await this.dialog.waitFor();
  }

  /** Hands the login over to the helper and continues in its tab. */
  async useHelper() {
    const tab = this.context.waitForEvent('page');
    const use = this.dialog.getByRole('button', { name: 'Use the helper' });
    // Folded where no login in this browser came through the helper yet.
    const unfold = this.dialog.getByRole('button', { name: 'A helper is running? Use it', expanded: false });
    await use.or(unfold).waitFor();
    if (await unfold.isVisible()) {
      await unfold.click();
    }
    await use.click();
    return tab;
  }

  /** Logs in through the helper, to the end. */
  async logInByHelper() {
    const tab = await this.useHelper();
    await confirmAndLogIn(tab, this.login);
    await this.dialog.waitFor({ state: 'detached' });
    await tab.close();
  }

  /** The card "K8s access" of a component. */
  get card() {
    return this.page.locator('.bui-Card').filter({ hasText: 'K8s access' });
  }

  /** The lines above the Kubernetes tab: the clusters of the component that cannot be asked as this person. */
  get blankClusters() {
    return this.page.getByRole('list', { name: 'Clusters without access' }).getByRole('listitem');
  }

  /** These lines, and the stock content below them. */
  get tabWithLines() {
    return this.page.getByRole('list', { name: 'Clusters without access' }).locator('..');
  }

  /**
   * A cluster in the Kubernetes tab.
   *
   * @param {string} title
   */
  cluster(title) {
    const heading = this.page.getByText(title, { exact: true });
    return this.page.locator('.MuiAccordion-root').filter({ has: heading }).first();
  }

  /**
   * Expands a cluster in the tab, down to its pods.
   *
   * @param {string} title of the cluster
   * @returns {Promise<string[]>} their names
   */
  async podsOf(title) {
    const cluster = this.cluster(title);
    await cluster.getByText('2 pods').waitFor();
    const closed = cluster.getByRole('button', { expanded: false }).first();
    await closed.click();
    await cluster.getByText('Stateful Set').waitFor();
    await closed.click();
    const names = cluster.locator('tbody tr td:first-child').filter({ hasText: /-\d$/ });
    await names.first().waitFor();
    return names.allInnerTexts();
  }

  /**
   * @param {string} pod on the page, see podsOf
   * @returns {Promise<string>} its log
   */
  async logOf(pod) {
    await this.page.getByText(pod, { exact: true }).first().click();
    await this.page.getByRole('button', { name: 'get logs' }).click();
    const log = this.page.getByRole('dialog').filter({ hasText: `${pod} starting` });
    await log.waitFor();
    return log.innerText();
  }

  /** @param {string} name of the screenshot; none is taken when the browser is closed */
  async keepPicture(name) {
    if (!this.#left) {
      await this.page.screenshot({ path: this.#artefact(`${name}.png`), animations: 'disabled' });
    }
  }

  /**
   * Sends a request as the page does, with the user's own token.
   *
   * @param {string} path below /api
   * @param {RequestInit} [init]
   * @returns {Promise<{status: number, body: string}>}
   */
  async ask(path, init = {}) {
    this.#token ??= this.#renewedToken();
    const token = await this.#token;
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const answer = await fetch(new URL(`/api${path}`, this.#url), { ...init, headers });
    return { status: answer.status, body: await answer.text() };
  }

  /** Makes the backend delete all of their logins. */
  async disconnect() {
    const { status, body } = await this.ask('/cluster-auth/tokens', { method: 'DELETE' });
    // Otherwise the next test would begin with an unexpected login.
    assert.equal(status, 200, body);
  }

  /** Disconnects and closes the browser, which then writes its recording. */
  async leave() {
    if (!this.#left) {
      this.#left = true;
      await this.disconnect();
      await this.context.close();
    }
  }

  /** @returns {Promise<string>} */
  async #renewedToken() {
    const refresh = new URL('/api/auth/oidc/refresh?optional&env=development', this.#url);
    const answer = await this.context.request.get(refresh.href, { headers: { 'x-requested-with': 'XMLHttpRequest' } });
    return Object(await answer.json()).backstageIdentity.token;
  }
}

/**
 * Confirms the account on the helper's page, and logs in.
 *
 * @param {Page} tab the helper's
 * @param {string} login
 */
export async function confirmAndLogIn(tab, login) {
  await tab.getByRole('button', { name: 'Continue to login' }).click();
  await logInAtIdp(tab, login);
  await tab.getByRole('heading', { name: 'You are connected' }).waitFor();
}

/**
 * @param {Page} page that leads to the identity provider's login page
 * @param {string} login
 */
export async function logInAtIdp(page, login) {
  await page.locator('input[name=login]').fill(login);
  await page.locator('input[name=password]').fill(PASSWORD);
  await page.locator('button[value=login]').click();
}
