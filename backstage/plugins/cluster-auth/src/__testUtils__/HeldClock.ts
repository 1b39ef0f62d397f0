import type { Clock } from '../clock';

/** A clock that only a test advances. */
export class HeldClock implements Clock {
  private time = Date.parse('2026-11-25T12:00:00Z');
  private readonly timers = new Map<object, { at: number; call: () => void }>();

  now = () => this.time;

  after = (milliseconds: number, call: () => void) => {
    const key = {};
    this.timers.set(key, { at: this.time + milliseconds, call });
    return () => {
      this.timers.delete(key);
    };
  };

  /** The number of pending timers. */
  get pending() {
    return this.timers.size;
  }

  /** Advances time, timer by timer, and after each runs everything that became ready. */
  async pass(milliseconds: number) {
    const end = this.time + milliseconds;
    await settled();
    for (let next = this.next(end); next; next = this.next(end)) {
      this.timers.delete(next.key);
      this.time = Math.max(this.time, next.at);
      next.call();
      await settled();
    }
    this.time = end;
  }

  private next(end: number) {
    return [...this.timers]
      .map(([key, timer]) => ({ key, ...timer }))
      .filter(({ at }) => at <= end)
      .sort((a, b) => a.at - b.at)
      .at(0);
  }
}

/** Runs everything that is ready. */
export function settled() {
  return new Promise<void>(resolve => {
    setTimeout(resolve);
  });
}
