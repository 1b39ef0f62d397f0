import { once } from 'node:events';

/** A program that runs: what it prints can be waited for. */
export class Running {
  #name;
  #child;
  #closed;
  #printed = '';
  #said = '';
  /** How much of what it has printed was waited for. */
  #seen = 0;

  /**
   * @param {string} name
   * @param {import('node:child_process').ChildProcessWithoutNullStreams} child
   */
  constructor(name, child) {
    this.#name = name;
    this.#child = child;
    this.#closed = once(child, 'close');
    child.stdin.on('error', () => {});
    child.stdout.setEncoding('utf8').on('data', (more) => {
      this.#printed += more;
    });
    child.stderr.setEncoding('utf8').on('data', (more) => {
      this.#said += more;
    });
  }

  /**
   * Waits until it prints something like this, after what was waited for before.
   *
   * @param {RegExp} pattern
   * @returns {Promise<RegExpExecArray>}
   * @throws when it ends before
   */
  async prints(pattern) {
    for (let ended = false; ; ) {
      const found = pattern.exec(this.#printed.slice(this.#seen));
      if (found) {
        this.#seen += found.index + found[0].length;
        return found;
      }
      if (ended) {
        throw new Error(`${this.#name} ended before it printed ${pattern}; it printed ${JSON.stringify(this.#printed)} and said: ${this.#said.trim()}`);
      }
      ended = await Promise.race([once(this.#child.stdout, 'data').then(() => false), this.#closed.then(() => true)]);
    }
  }

  /** @param {string} input */
  write(input) {
    this.#child.stdin.write(input);
  }

  /** Ends its standard input. */
  end() {
    this.#child.stdin.end();
  }

  /** @returns {Promise<{code: number | null, stdout: string, stderr: string}>} */
  async ended() {
    const [code] = await this.#closed;
    return { code, stdout: this.#printed, stderr: this.#said };
  }

  async stop() {
    this.#child.kill();
    await this.#closed;
  }
}
