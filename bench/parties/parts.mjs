/** What a group of rows has started, stopped in the opposite order, also when it fails. */
export class Parts {
  /** @type {{stop: () => Promise<unknown>}[]} */
  #started = [];

  /**
   * @template R
   * @param {(parts: Parts) => Promise<R>} work
   * @returns {Promise<R>}
   */
  static async around(work) {
    const parts = new Parts();
    try {
      return await work(parts);
    } finally {
      await parts.#stop();
    }
  }

  async #stop() {
    for (const part of this.#started.splice(0).reverse()) {
      await part.stop();
    }
  }

  /**
   * @template {{stop: () => Promise<unknown>}} T
   * @param {Promise<T>} starting
   * @returns {Promise<T>}
   */
  async add(starting) {
    const part = await starting;
    this.#started.push(part);
    return part;
  }
}
