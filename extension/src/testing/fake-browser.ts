// A fake of the parts of the browser's API that unit tests need. What the browser does with a rule, a tab or a permission is tested in real
// browsers (extension/browser-tests).
import messages from '../../_locales/en/messages.json';

type Values = Record<string, unknown>;
type Changes = Record<string, { newValue?: unknown }>;
type Rule = chrome.declarativeNetRequest.Rule;

const ORIGIN = 'chrome-extension://fakefakefake';

/** Storage that keeps copies, as the browser's does. */
class FakeStorage {
  private values: Values = {};

  constructor(private readonly tell: (changes: Changes) => void) {}

  async get(key: string | null): Promise<Values> {
    const { values } = this;
    const found =
      key === null ? values : key in values && { [key]: values[key] };
    return structuredClone(found || {});
  }

  async set(items: Values): Promise<void> {
    const copy = structuredClone(items);
    this.values = { ...this.values, ...copy };
    const changes = Object.entries(copy).map(([key, newValue]) => [
      key,
      { newValue },
    ]);
    this.tell(Object.fromEntries(changes));
  }

  async remove(key: string): Promise<void> {
    delete this.values[key];
    this.tell({ [key]: {} });
  }
}

/** A tab that was opened. */
export interface FakeTab {
  id: number;
  url?: string;
}

/** The fake. Each instance is a browser that was just started. */
export class FakeBrowser {
  /** The match patterns that are not granted. */
  readonly withheld = new Set<string>();
  readonly tabsOpen = new Map<number, FakeTab>();
  readonly told: { tab: number; message: unknown; options: unknown }[] = [];
  readonly alarmsSet = new Map<string, unknown>();
  /** Whether a request of the extension's own that a rule matches ends where the rule says. */
  appliesRules = true;
  rules: Rule[] = [];

  private listeners: ((changes: Changes, area: string) => void)[] = [];
  private nextTab = 100;

  readonly runtime = {
    id: 'fakefakefake',
    getURL: (path: string) => `${ORIGIN}/${path}`,
    getManifest: () => ({ version: '1.2.3' }),
  };

  readonly i18n = {
    getMessage: (key: string, texts: string[]) => messageOf(key, texts),
  };

  readonly storage = {
    local: this.area('local'),
    session: this.area('session'),
    managed: this.area('managed'),
    onChanged: {
      addListener: (listener: (changes: Changes, area: string) => void) => {
        this.listeners.push(listener);
      },
    },
  };

  readonly permissions = {
    contains: async ({ origins }: { origins: string[] }) =>
      !origins.some(origin => this.withheld.has(origin)),
  };

  readonly declarativeNetRequest = {
    getSessionRules: async () => [...this.rules],
    updateSessionRules: async (update: {
      addRules?: Rule[];
      removeRuleIds?: number[];
    }) => {
      const kept = this.rules.filter(
        ({ id }) => !update.removeRuleIds?.includes(id),
      );
      this.rules = [...kept, ...(update.addRules ?? [])];
    },
  };

  readonly alarms = {
    create: async (name: string, when: unknown) => {
      this.alarmsSet.set(name, when);
    },
    clear: async (name: string) => this.alarmsSet.delete(name),
  };

  readonly tabs = {
    create: async ({ url }: { url: string }) => {
      const tab = { id: this.nextTab, url };
      this.nextTab += 1;
      this.tabsOpen.set(tab.id, tab);
      return tab;
    },
    update: async (id: number, { url }: { url?: string }) => {
      const tab = { id, url: url ?? this.tabsOpen.get(id)?.url };
      this.tabsOpen.set(id, tab);
      return tab;
    },
    remove: async (id: number) => {
      this.tabsOpen.delete(id);
    },
    sendMessage: async (tab: number, message: unknown, options: unknown) => {
      this.told.push({ tab, message, options });
    },
  };

  /** The addresses of all tabs that were opened. */
  get addresses(): (string | undefined)[] {
    return [...this.tabsOpen.values()].map(({ url }) => url);
  }

  private area(name: string): FakeStorage {
    return new FakeStorage(changes =>
      this.listeners.forEach(listener => listener(changes, name)),
    );
  }
}

/** What the tests' modules see as the browser; a new one for each test. */
export let fake = new FakeBrowser();

/** Starts another browser. */
export function freshBrowser(): FakeBrowser {
  fake = new FakeBrowser();
  return fake;
}

/** A sentence, with its parts in the places that it has for them. */
function messageOf(key: string, texts: string[]): string {
  const entry: { message: string; placeholders?: Values } | undefined =
    messages[key as keyof typeof messages];
  const places = Object.entries(entry?.placeholders ?? {}) as [
    string,
    { content: string },
  ][];
  return places.reduce((sentence, [name, { content }]) => {
    const text = texts[Number(content.slice(1)) - 1] ?? '';
    return sentence.replaceAll(`$${name.toUpperCase()}$`, text);
  }, entry?.message ?? '');
}

type Work<T> = (lock: object | null) => Promise<T>;

/** Locks that serve one after the other, which Node 20 lacks. */
class FakeLocks {
  private readonly last = new Map<string, Promise<unknown>>();

  /** `work` is the last argument; options with `ifAvailable` may stand before it. */
  request<T>(name: string, ...rest: [object, Work<T>] | [Work<T>]): Promise<T> {
    const [work, options] = rest.length === 2 ? [rest[1], rest[0]] : rest;
    const before = this.last.get(name);
    if (options && before) {
      return work(null);
    }
    const run = () => work({});
    const mine = (before ?? Promise.resolve()).then(run, run);
    const free = () => {
      if (this.last.get(name) === mine) {
        this.last.delete(name);
      }
    };
    this.last.set(name, mine);
    mine.then(free, free);
    return mine;
  }
}

const realFetch = globalThis.fetch;

/** Port 8000 is never really asked: a request there ends at the extension where a rule says so, and nowhere where none does. */
async function fakeFetch(
  input: string,
  options?: RequestInit,
): Promise<Response | { ok: boolean; url: string }> {
  if (!input.startsWith('http://localhost:8000')) {
    return realFetch(input, options);
  }
  const caught = fake.rules.some(
    ({ condition }) => condition.urlFilter === `|${input}|`,
  );
  if (!fake.appliesRules || !caught) {
    throw new TypeError('fetch failed');
  }
  return { ok: true, url: fake.runtime.getURL('callback.html') };
}

const browser = new Proxy(
  {},
  { get: (_, name) => fake[name as keyof FakeBrowser] },
);

for (const [name, value] of Object.entries({
  chrome: browser,
  navigator: { locks: new FakeLocks() },
  location: new URL(`${ORIGIN}/background.js`),
  fetch: fakeFetch,
})) {
  Object.defineProperty(globalThis, name, { value, configurable: true });
}
