// The rules that catch the one request of a login, before anything is sent to port 8000.
import { browser, isFirefox } from '../browser';
import type { Login } from './login';

type Rule = chrome.declarativeNetRequest.Rule;

/** What the rules of a login are made of. */
export interface Caught {
  state: string;
  redirectUri: string;
}

const CALLBACK_PAGE = 'callback.html';

/** The requests of a login: its redirect URI with exactly its state, wherever in the query that stands. */
export function caughtBy({ state, redirectUri }: Caught): string {
  const address = new URL(redirectUri).href.replace(
    /[\\^$.*+?()[\]{}|]/g,
    '\\$&',
  );
  return `^${address}\\?((?:[^#]*&)?state=${state}(?:&[^#]*)?)(?:#.*)?$`;
}

/** Whether an address belongs to a login. */
export function isCaughtBy(caught: Caught, address: string): boolean {
  return new RegExp(caughtBy(caught)).test(address);
}

/** The rules of a login, for a page at this address. */
export function rulesOf(caught: Caught, page: string, ids: number[]): Rule[] {
  const [onRequest = 0, onAnswer] = ids;
  const rules = [requestRule(onRequest, caught, page)];
  if (onAnswer !== undefined) {
    rules.push(answerRule(onAnswer, caught));
  }
  return rules;
}

/** On the browser's request to the redirect URI. The address of the page carries the query, for what reads it. */
function requestRule(id: number, caught: Caught, page: string): Rule {
  return {
    id,
    action: {
      type: 'redirect' as Rule['action']['type'],
      redirect: { regexSubstitution: `${page}?\\1` },
    },
    condition: {
      regexFilter: caughtBy(caught),
      isUrlFilterCaseSensitive: true,
      resourceTypes: [
        'main_frame' as chrome.declarativeNetRequest.ResourceType,
      ],
      requestMethods: ['get' as chrome.declarativeNetRequest.RequestMethod],
    },
  };
}

/**
 * On the provider's answer that names the redirect URI, where the extension has access to the provider. No service worker of an app on port
 * 8000 sees a request then, and the history has no code. The pattern knows no case: the page looks at the address again.
 */
function answerRule(id: number, { state, redirectUri }: Caught): Rule {
  const address = new URL(redirectUri).href.replace(/[\\*?]/g, '\\$&');
  return {
    id,
    action: {
      type: 'redirect' as Rule['action']['type'],
      redirect: { extensionPath: `/${CALLBACK_PAGE}` },
    },
    condition: {
      resourceTypes: [
        'main_frame' as chrome.declarativeNetRequest.ResourceType,
      ],
      responseHeaders: [
        { header: 'location', values: [`${address}\\?*state=${state}*`] },
      ],
    },
  };
}

/** Ids for the rules of a login. */
export async function reserveIds(): Promise<number[]> {
  return await freeIds(isFirefox() ? 1 : 2);
}

/** Installs the rules of a login, under ids that are kept with it: rules that are remembered nowhere would stay. */
export async function install(caught: Caught, ids: number[]): Promise<void> {
  const page = browser.runtime.getURL(CALLBACK_PAGE);
  const addRules = rulesOf(caught, page, ids);
  await browser.declarativeNetRequest.updateSessionRules({ addRules });
}

/** Removes the rules of a login. */
export async function uninstall({ ruleIds }: Pick<Login, 'ruleIds'>) {
  if (ruleIds.length > 0) {
    await browser.declarativeNetRequest.updateSessionRules({
      removeRuleIds: ruleIds,
    });
  }
}

/** Removes all rules, those of a login included that is remembered nowhere. */
export async function uninstallAll() {
  const rules = await browser.declarativeNetRequest.getSessionRules();
  await uninstall({ ruleIds: rules.map(({ id }) => id) });
}

/** Ids that no rule has; random ones, so that two logins begun at once do not take the same. */
export async function freeIds(count: number): Promise<number[]> {
  const rules = await browser.declarativeNetRequest.getSessionRules();
  const taken = new Set(rules.map(({ id }) => id));
  const free: number[] = [];
  while (free.length < count) {
    const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
    const id = (random % 0x7fff_ffff) + 1;
    if (!taken.has(id)) {
      taken.add(id);
      free.push(id);
    }
  }
  return free;
}
