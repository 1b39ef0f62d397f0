import { EventEmitter } from 'node:events';

/** @typedef {import('node:stream').Duplex | import('node:http').ServerResponse} Open */

/** How long a request waits for a number of open streams, in milliseconds. */
const WAIT_MS = 30_000;

/**
 * The answers and upgraded connections that stay open. Emits `count` whenever one opens or closes.
 *
 * @extends {EventEmitter<{count: []}>}
 */
export class Streams extends EventEmitter {
  #open = 0;

  get open() {
    return this.#open;
  }

  /**
   * @param {Open} stream counted until it closes
   * @param {() => void} end called once when it closes
   */
  add(stream, end) {
    this.#open += 1;
    this.emit('count');
    stream.once('close', () => {
      this.#open -= 1;
      end();
      this.emit('count');
    });
  }

  /**
   * @param {number} count
   * @returns {Promise<void>} settles when that many are open, or after 30 s
   */
  async reach(count) {
    const deadline = AbortSignal.timeout(WAIT_MS);
    while (this.#open !== count && !deadline.aborted) {
      await new Promise((resolve) => {
        this.once('count', () => resolve(undefined));
        deadline.addEventListener('abort', resolve, { once: true });
      });
    }
  }
}
