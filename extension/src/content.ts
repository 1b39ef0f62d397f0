// The bridge between a portal's page and the background. It is in the top frame only, and believes neither.
import { browser } from './browser';
import {
  type ContentMessage,
  type ExtensionMessage,
  readContentAnswer,
  readPageMessage,
  type Result,
} from './messages';

/** Whether the bridge is in this page already: it is put into open pages, too, when access to them is granted. */
const marked = globalThis as { isBridged?: boolean };

const page = window;

/** Whether this page is a portal's: where patterns know no ports, the bridge is in pages on other ports, too. */
let isPortal: Promise<boolean> = Promise.resolve(false);

function begin() {
  isPortal = ask();
  page.addEventListener('message', ({ source, origin, data }) => {
    if (source === page && origin === page.location.origin) {
      void answer(data);
    }
  });
  browser.runtime.onMessage.addListener(message => {
    const told = readContentAnswer(message);
    if (told && told.origin === page.location.origin) {
      const { origin: _, ...result } = told;
      post({ source: 'cluster-auth-extension', ...result });
    }
  });
}

/** Said at once to a ping, since the page does not wait long. */
async function ask(): Promise<boolean> {
  return (await send({ type: 'hello' })) === true;
}

async function answer(data: unknown) {
  const message = readPageMessage(data);
  // An extension that was updated or removed leaves its bridge behind, which can answer nothing.
  if (!message || !isAlive() || !(await isKnown())) {
    return;
  }
  const { id } = message;
  switch (message.type) {
    case 'ping': {
      const { version } = browser.runtime.getManifest();
      post({ source: 'cluster-auth-extension', type: 'pong', id, version });
      break;
    }
    case 'start': {
      const { sessionToken } = message;
      const refusal = await start({ type: 'start', id, sessionToken });
      if (refusal) {
        post({
          source: 'cluster-auth-extension',
          type: 'result',
          id,
          ...refusal,
        });
      }
      break;
    }
    default:
      await send({ type: 'state', clusters: message.clusters });
  }
}

/** A page that is none may have become a portal's since. */
async function isKnown(): Promise<boolean> {
  if (!(await isPortal)) {
    isPortal = ask();
  }
  return await isPortal;
}

/** The refusal of a login; one that begins has its result later. */
async function start(message: ContentMessage): Promise<Result | undefined> {
  const problem = await send(message);
  return problem ? { ok: false, ...problem } : undefined;
}

/**
 * The background's answer. A browser may end the background before it has answered: Firefox counts neither the message nor a request to the
 * backend as work. So it is asked once more; that changes nothing where it was done. No answer then is a refusal without words: the page has
 * its own.
 */
async function send(message: ContentMessage) {
  const { runtime } = browser;
  return await runtime
    .sendMessage(message)
    .catch(() => runtime.sendMessage(message))
    .catch(() => ({}));
}

function isAlive(): boolean {
  return browser.runtime?.id !== undefined;
}

function post(message: ExtensionMessage) {
  page.postMessage(message, page.location.origin);
}

if (!marked.isBridged && page.top === page) {
  marked.isBridged = true;
  begin();
}
