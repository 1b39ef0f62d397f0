// Chrome only: the provider's own answer names the redirect URI, and the rule on that answer carries no code to the extension's page. So the
// address is read from the answer, and waits for the page in the same tab.
import { browser } from '../browser';
import type { Returned } from '../messages';
import { allLogins } from './login';
import { isCaughtBy } from './rules';

const PREFIX = 'returned:';

/** What is being written down: the browser tells of an answer before the page asks, but storage takes its time. */
const arriving = new Map<number, Promise<void>>();

/** An answer of a page that the extension has access to. */
export function onAnswer({
  tabId,
  responseHeaders,
}: chrome.webRequest.OnHeadersReceivedDetails): undefined {
  const address = responseHeaders?.find(
    ({ name }) => name.toLowerCase() === 'location',
  )?.value;
  const url = address && URL.canParse(address) ? new URL(address) : undefined;
  if (url?.origin === 'http://localhost:8000') {
    arriving.set(tabId, keep(tabId, url.href));
  }
}

/** What is known of the tab of a callback page. The address is forgotten with it. */
export async function returnedTo(tab: number): Promise<Returned> {
  await arriving.get(tab);
  arriving.delete(tab);
  const key = PREFIX + tab;
  const { [key]: returned } = await browser.storage.session.get(key);
  if (returned) {
    await browser.storage.session.remove(key);
    return returned;
  }
  const logins = await allLogins();
  const known = logins.filter(
    ({ loginTab, step }) =>
      loginTab === tab && step !== 'confirming' && step !== 'authorizing',
  );
  const [last] = known.sort((one, other) => other.endsAt - one.endsAt);
  return { login: last?.id };
}

/** Forgets what no page of a tab asked for: it holds a code. */
export async function forgetReturned(tab: number): Promise<void> {
  await arriving.get(tab);
  arriving.delete(tab);
  await browser.storage.session.remove(PREFIX + tab);
}

/** Addresses without the state of a login are nothing to the extension. */
async function keep(tab: number, address: string): Promise<void> {
  const waiting = (await allLogins()).flatMap(
    ({ step, secrets, redirectUri }) =>
      step === 'authorizing' && secrets
        ? [{ state: secrets.state, redirectUri }]
        : [],
  );
  const text = address.toLowerCase();
  if (!waiting.some(({ state }) => text.includes(state.toLowerCase()))) {
    return;
  }
  const isOurs = waiting.some(caught => isCaughtBy(caught, address));
  const returned: Returned = isOurs ? { address } : { elsewhere: address };
  await browser.storage.session.set({ [PREFIX + tab]: returned });
}
