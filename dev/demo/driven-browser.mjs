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
   * @returns {Promise<Record<string, unknown>>} its answer
   * @throws with the browser's own first words: behind them it tells what it tried
   */
  async act(command) {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    const answer = await this.#answer();
    if (!answer['ok']) {
      throw new Error(`the browser could not ${command.op}: ${String(answer['error']).split('\n')[0]}`);
    }
    return answer;
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
