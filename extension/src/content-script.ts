import { browser } from './browser';
import { patternOf } from './login/permissions';
import { configuredPortals } from './portals';

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
    };
    if (registered.length > 0) {
      await browser.scripting.updateContentScripts([script]);
    } else {
      await browser.scripting.registerContentScripts([script]);
    }
  });
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
