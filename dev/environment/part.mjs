/** @typedef {{stop(): Promise<unknown>}} Running */

/**
 * A part of the environment that can be stopped and started again, at the same address.
 *
 * @template {Running} T
 */
export class Part {
  #launch;
  /** @type {T | undefined} */
  #running;

  /** @param {() => Promise<T>} launch starts it and ends when it is ready */
  constructor(launch) {
    this.#launch = launch;
  }

  /** @throws when it does not run */
  get running() {
    if (!this.#running) {
      throw new Error('That part of the environment does not run; start it first.');
    }
    return this.#running;
  }

  /** Starts it, unless it runs. */
  async start() {
    this.#running ??= await this.#launch();
    return this.#running;
  }

  /** Stops it, if it runs. */
  async stop() {
    const running = this.#running;
    this.#running = undefined;
    await running?.stop();
  }
}
