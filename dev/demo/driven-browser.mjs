import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The browser of dev/browser, one command at a time. */
export class DrivenBrowser {
  #child;
  #answers;

  constructor() {
    const script = fileURLToPath(new URL('../browser/browser.mjs', import.meta.url));
    this.#child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  static async start() {
    const browser = new DrivenBrowser();
    await browser.#answer();
    return browser;
  }

  /**
   * @param {{op: string, [field: string]: unknown}} command
   * @throws with the browser's own words
   */
  async act(command) {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    const { ok, error } = await this.#answer();
    if (!ok) {
      throw new Error(String(error));
    }
  }

  /** @returns {Promise<Record<string, unknown>>} */
  async #answer() {
    const { done, value } = await this.#answers.next();
    if (done) {
      throw new Error('the browser ended: see that chromium starts on this machine');
    }
    return Object(JSON.parse(value));
  }

  async stop() {
    const exited = once(this.#child, 'exit');
    if (this.#child.exitCode === null) {
      this.#child.stdin.end();
      await exited;
    }
  }
}
