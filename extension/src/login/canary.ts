// Tries out, before each login, whether the browser still lets the extension catch what goes to port 8000.
import { browser } from '../browser';
import { freeIds, uninstall } from './rules';

type Rule = chrome.declarativeNetRequest.Rule;

/** What a request ends at that was caught: Firefox lets it end at no page but one that any web page may be sent to. */
const OWN_FILE = 'callback.html';

/** A browser that asks the user first must not hold up the login. */
const TIMEOUT_MS = 3_000;

/** Whether a request to port 8000 ends at the extension. It goes to a random address, and carries nothing. */
export async function browserLetsUs(): Promise<boolean> {
  const address = `http://localhost:8000/${crypto.randomUUID()}`;
  const [id = 0] = await freeIds(1);
  await browser.declarativeNetRequest.updateSessionRules({
    addRules: [canaryRule(id, address)],
  });
  try {
    return await endsAtOwnFile(address);
  } finally {
    await uninstall({ ruleIds: [id] });
  }
}

async function endsAtOwnFile(address: string): Promise<boolean> {
  try {
    const answer = await fetch(address, {
      credentials: 'omit',
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return answer.ok && new URL(answer.url).protocol === location.protocol;
  } catch {
    return false;
  }
}

function canaryRule(id: number, address: string): Rule {
  return {
    id,
    action: {
      type: 'redirect' as Rule['action']['type'],
      redirect: { extensionPath: `/${OWN_FILE}` },
    },
    condition: {
      urlFilter: `|${address}|`,
      resourceTypes: [
        'xmlhttprequest' as chrome.declarativeNetRequest.ResourceType,
      ],
    },
  };
}
