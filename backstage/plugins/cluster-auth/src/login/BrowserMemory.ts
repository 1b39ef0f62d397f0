const PREFIX = 'cluster-auth.';

/**
 * What this browser remembers of logins. How one logs in is a matter of the machine, not of the person, so it is not kept in the user's
 * settings, which may be in a database.
 */
export class BrowserMemory {
  /** Where the browser refuses to store it; until the page is closed. */
  private readonly unstored = new Map<string, string>();

  /** Browsers may throw where a page asks for its storage. */
  constructor(private readonly storage: () => Storage) {}

  get(key: string): string | undefined {
    const stored = this.attempt(storage => storage.getItem(PREFIX + key));
    return this.unstored.get(key) ?? stored ?? undefined;
  }

  set(key: string, value: string | undefined) {
    this.unstored.delete(key);
    const isStored = this.attempt(storage => {
      if (value === undefined) {
        storage.removeItem(PREFIX + key);
      } else {
        storage.setItem(PREFIX + key, value);
      }
      return true;
    });
    if (!isStored && value !== undefined) {
      this.unstored.set(key, value);
    }
  }

  private attempt<T>(call: (storage: Storage) => T): T | undefined {
    try {
      return call(this.storage());
    } catch {
      return undefined;
    }
  }
}

/** The memory of this page. */
export const browserMemory = new BrowserMemory(() => window.localStorage);
