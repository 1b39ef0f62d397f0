import { browser } from '../browser';
import { patternOf } from '../login/permissions';
import { configuredPortals } from '../portals';

const ID = 'bridge';

/** Puts the bridge into the pages of all portals that the user granted access to, and of no others. */
export async function registerContent(): Promise<void> {
  await navigator.locks.request(ID, async () => {
    const matches = await grantedPortals();
    const registered = await browser.scripting.getRegisteredContentScripts();
    if (matches.length === 0) {
      if (registered.length > 0) {
        await browser.scripting.unregisterContentScripts();
      }
      return;
    }
    const script = {
      id: ID,
      js: ['content.js'],
      matches,
      runAt: 'document_start' as const,
      allFrames: false,
      persistAcrossSessions: true,
    };
    if (registered.length > 0) {
      await browser.scripting.updateContentScripts([script]);
    } else {
      await browser.scripting.registerContentScripts([script]);
    }
    await putIntoOpenPages(matches);
  });
}

/** The script itself sees to it that it is in a page once. */
async function putIntoOpenPages(matches: string[]): Promise<void> {
  for (const { id } of await browser.tabs.query({ url: matches })) {
    if (id !== undefined) {
      const target = { tabId: id, frameIds: [0] };
      // A page that shows an error takes no script.
      await browser.scripting
        .executeScript({ target, files: ['content.js'] })
        .catch(() => undefined);
    }
  }
}

async function grantedPortals(): Promise<string[]> {
  const { portals } = await configuredPortals();
  const patterns = new Set(portals.map(({ appUrl }) => patternOf(appUrl)));
  const granted = [];
  for (const pattern of patterns) {
    if (await browser.permissions.contains({ origins: [pattern] })) {
      granted.push(pattern);
    }
  }
  return granted;
}
