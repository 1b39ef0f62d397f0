/** The provider's clock, which may be ahead of the machine's. */
export class Clock {
  offsetSeconds = 0;

  /** @returns seconds since the epoch */
  now() {
    return Date.now() / 1000 + this.offsetSeconds;
  }
}
