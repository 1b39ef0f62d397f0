// Chrome only: the provider's own answer names the redirect URI, and the rule on that answer carries no code to the extension's page. So the
// address is read from the answer, and waits for the page in the same tab.
import { browser } from '../browser';
import type { Returned } from '../messages';
import { allLogins } from './login';

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
  if (address?.toLowerCase().startsWith('http://localhost:8000')) {
    arriving.set(tabId, keep(tabId, address));
  }
}

/** What is known of the tab of a callback page. The address is forgotten with it. */
export async function returnedTo(tab: number): Promise<Returned> {
  await arriving.get(tab);
  arriving.delete(tab);
  const key = PREFIX + tab;
  const { [key]: address } = await browser.storage.session.get(key);
  if (typeof address === 'string') {
    await browser.storage.session.remove(key);
    return { address };
  }
  const logins = await allLogins();
  const known = logins.filter(
    ({ loginTab, step }) =>
      loginTab === tab && step !== 'confirming' && step !== 'authorizing',
  );
  const [last] = known.sort((one, other) => other.endsAt - one.endsAt);
  return { login: last?.id };
}

/** Forgets what a tab's page did not ask for. */
export async function forgetReturned(tab: number): Promise<void> {
  await arriving.get(tab);
  arriving.delete(tab);
  await browser.storage.session.remove(PREFIX + tab);
}

/** Other addresses there are nothing to the extension, except what its rule, which knows no case, has caught with them. */
async function keep(tab: number, address: string): Promise<void> {
  const waiting = (await allLogins()).filter(
    ({ step }) => step === 'authorizing',
  );
  const text = address.toLowerCase();
  const isCaught = waiting.some(
    ({ secrets }) => secrets && text.includes(secrets.state.toLowerCase()),
  );
  if (isCaught) {
    await browser.storage.session.set({ [PREFIX + tab]: address });
  }
}
