/** A value with change notifications, for React's `useSyncExternalStore`. */
export interface LiveValue<T> {
  /** The current value; the same object until it changes. */
  get(): T;
  /** Calls the listener after each change, until the returned function is called. */
  subscribe(listener: () => void): () => void;
}

/** A live value that its owner sets. */
export class SettableValue<T> implements LiveValue<T> {
  private readonly listeners = new Set<() => void>();

  constructor(private value: T) {}

  /** Whether a listener is subscribed. */
  get isWatched(): boolean {
    return this.listeners.size > 0;
  }

  readonly get = (): T => this.value;

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  set(value: T) {
    this.value = value;
    [...this.listeners].forEach(listener => listener());
  }
}
