/** @typedef {'before' | 'after'} HoldPoint before the request is processed, or after and before its answer goes out */

/** Token requests stopped on demand, so that a test can act while one is under way. */
export class Holds {
  /** @type {HoldPoint[]} */
  #armed = [];
  /** @type {Set<() => void>} */
  #held = new Set();
  /** @type {Set<() => void>} */
  #watchers = new Set();

  /** @param {HoldPoint} point where the next token request stops */
  arm(point) {
    this.#armed.push(point);
  }

  /** @returns {HoldPoint | undefined} where the request that asks has to stop; each hold stops one request */
  take() {
    return this.#armed.shift();
  }

  /** @returns {Promise<void>} resolves on release */
  stop() {
    return new Promise((resolve) => {
      this.#held.add(resolve);
      for (const notify of this.#watchers) {
        notify();
      }
    });
  }

  /**
   * @param {number} timeoutMs
   * @returns {Promise<boolean>} true as soon as a request is held, false when none was in that time
   */
  async untilHeld(timeoutMs) {
    if (this.#held.size > 0) {
      return true;
    }
    return new Promise((resolve) => {
      const finish = (/** @type {boolean} */ held) => {
        clearTimeout(timer);
        this.#watchers.delete(notify);
        resolve(held);
      };
      const notify = () => finish(true);
      const timer = setTimeout(finish, timeoutMs, false);
      this.#watchers.add(notify);
    });
  }

  /** Lets every held request go on and forgets the holds no request has met yet. */
  release() {
    this.#armed = [];
    for (const goOn of this.#held) {
      goOn();
    }
    this.#held.clear();
  }
}
