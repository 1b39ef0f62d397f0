// Answers the messages to the background: those of portals' pages, which may be hostile, and those of the extension's own.
import { browser } from '../browser';
import { begin, decline, goOn } from '../login/begin';
import { problemOf } from '../login/end';
import { allLogins, type Problem } from '../login/login';
import { returnedTo } from '../login/returned';
import { askAbout } from '../login/session-over';
import {
  type ClusterState,
  readContentMessage,
  readOwnPageMessage,
} from '../messages';
import { configuredPortals, portalAt } from '../portals';

type Sender = chrome.runtime.MessageSender;

/** The tab and the address of a page, by the browser's own word. */
interface Page {
  tab: { id: number; index: number; windowId: number };
  address: string;
}

/**
 * Answers a message.
 *
 * @returns nothing where it is none, or not for this sender
 */
export function answerTo(
  message: unknown,
  sender: Sender,
): Promise<unknown> | undefined {
  const page = topFrameOf(sender);
  if (!page) {
    return undefined;
  }
  const own = ownPage(page.address);
  return own === undefined
    ? answerToPortal(message, page)
    : answerToOwnPage(message, page, own);
}

function answerToPortal(
  value: unknown,
  page: Page,
): Promise<unknown> | undefined {
  const message = readContentMessage(value);
  switch (message?.type) {
    case 'hello':
      return isPortal(page.address);
    case 'start': {
      const { id: requestId, sessionToken } = message;
      return begin({ ...page, requestId }, sessionToken);
    }
    case 'state':
      return keepState(page.address, message.clusters);
    default:
      return undefined;
  }
}

function answerToOwnPage(
  value: unknown,
  { tab }: Page,
  own: string,
): Promise<unknown> | undefined {
  const message = readOwnPageMessage(value);
  switch (message?.type) {
    case 'continue':
      return own === 'confirm.html' ? goOn(message.login, tab.id) : undefined;
    case 'decline':
      return own === 'confirm.html' ? decline(message.login) : undefined;
    case 'returned':
      return own === 'callback.html' ? returnedTo(tab.id) : undefined;
    default:
      return undefined;
  }
}

/** Other extensions, frames within a page, and pages that are not shown yet begin nothing. */
function topFrameOf(sender: Sender): Page | undefined {
  const { id, frameId, tab, url, documentLifecycle = 'active' } = sender;
  if (
    id !== browser.runtime.id ||
    frameId !== 0 ||
    documentLifecycle !== 'active' ||
    tab?.id === undefined ||
    url === undefined
  ) {
    return undefined;
  }
  const { index, windowId } = tab;
  return { tab: { id: tab.id, index, windowId }, address: url };
}

/** The name of a page of the extension's own. */
function ownPage(address: string): string | undefined {
  const { protocol, host, pathname } = new URL(address);
  return protocol === globalThis.location.protocol &&
    host === globalThis.location.host
    ? pathname.slice(1)
    : undefined;
}

async function isPortal(address: string): Promise<boolean> {
  const { portals } = await configuredPortals();
  return portalAt(portals, address) !== undefined;
}

/** Keeps what a portal's page shows, for the popup. The page shows something else by now, perhaps after "Cancel" in a dialog. */
async function keepState(
  address: string,
  clusters: ClusterState[],
): Promise<Problem | undefined> {
  const { portals } = await configuredPortals();
  const portal = portalAt(portals, address);
  if (!portal) {
    return problemOf('portal_unknown');
  }
  await navigator.locks.request('states', async () => {
    const { states } = await browser.storage.session.get('states');
    await browser.storage.session.set({
      states: {
        ...(states as object | undefined),
        [portal.appUrl]: { clusters, at: Date.now() },
      },
    });
  });
  const logins = await allLogins();
  await askAbout(logins.filter(login => login.portal.appUrl === portal.appUrl));
  return undefined;
}
