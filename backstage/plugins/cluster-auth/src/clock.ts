/** Time, passed in so that tests can hold it. */
export interface Clock {
  now(): number;
  /** Calls back once; the returned function prevents that. */
  after(milliseconds: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};
