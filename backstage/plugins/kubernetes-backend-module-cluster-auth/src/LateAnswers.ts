import type { Clock } from './clock';

/** Three polls of the Kubernetes tab. */
const KEPT_MS = 30_000;

/**
 * Answers for which a page waits only so long. One that comes later is kept for the next poll, which asks the same and does not send a
 * request of its own while the first one is under way: a cluster that hangs has one request of each kind, not one more every ten seconds.
 */
export class LateAnswers<T> {
  readonly #running = new Map<string, { answer: Promise<T>; until: number }>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many are under way, or kept. */
  get size(): number {
    return this.#running.size;
  }

  /**
   * The answer, or what is said instead when the time is over.
   *
   * @param key - what is asked, and as whom
   * @param milliseconds - how long to wait
   */
  async within(
    key: string,
    milliseconds: number,
    request: { ask: () => Promise<T>; instead: () => T },
  ): Promise<T> {
    const running = this.#underWay(key) ?? this.#begin(key, request.ask);
    const late = Symbol('late');
    let cancel = () => {};
    const over = new Promise<typeof late>(resolve => {
      cancel = this.#clock.after(milliseconds, () => resolve(late));
    });
    let first: T | typeof late;
    try {
      first = await Promise.race([running.answer, over]);
    } catch (error) {
      this.#forget(key, running);
      throw error;
    } finally {
      cancel();
    }
    if (first === late) {
      return request.instead();
    }
    this.#forget(key, running);
    return first as T;
  }

  #underWay(key: string) {
    const running = this.#running.get(key);
    return running && running.until > this.#clock.now() ? running : undefined;
  }

  #begin(key: string, ask: () => Promise<T>) {
    const now = this.#clock.now();
    // In the order in which they end, so that the map does not grow with every page that was closed.
    for (const [old, { until }] of this.#running) {
      if (until > now) {
        break;
      }
      this.#running.delete(old);
    }
    this.#running.delete(key);
    const running = { answer: ask(), until: now + KEPT_MS };
    // It may fail when no page waits for it any more.
    running.answer.catch(() => {});
    this.#running.set(key, running);
    return running;
  }

  #forget(key: string, running: object) {
    if (this.#running.get(key) === running) {
      this.#running.delete(key);
    }
  }
}
