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

  /** Advances time, and calls back what is due. */
  pass(milliseconds: number) {
    this.time += milliseconds;
    for (const [key, { at, call }] of [...this.timers]) {
      if (at <= this.time) {
        this.timers.delete(key);
        call();
      }
    }
  }
}
