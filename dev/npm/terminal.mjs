import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const CTRL_C = '\x03';

/** Longer than any command takes to end, also on a machine that has other work. */
const PATIENCE_MS = 180_000;

/** A command in a terminal of its own. */
export class Terminal {
  #script;
  #exited;
  #lines;

  /** @param {string[]} line */
  constructor(line) {
    const command = line.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    this.#script = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#exited = once(this.#script, 'exit');
    this.#lines = createInterface({ input: this.#script.stdout })[Symbol.asyncIterator]();
  }

  /**
   * @param {RegExp} pattern
   * @throws when the command ends before it prints such a line
   */
  async line(pattern) {
    for (let shown = await this.#lines.next(); !pattern.test(shown.value ?? ''); shown = await this.#lines.next()) {
      if (shown.done) {
        throw new Error(`the command in the terminal ended before it said ${pattern}`);
      }
    }
  }

  pressCtrlC() {
    this.#script.stdin.write(CTRL_C);
  }

  /** @returns {Promise<number | null>} the exit code */
  async exit() {
    const [code] = await Promise.race([this.#exited, once(this.#script, 'exit', { signal: AbortSignal.timeout(PATIENCE_MS) })]);
    return code;
  }

  async stop() {
    this.#script.kill();
    await this.#exited;
  }
}
