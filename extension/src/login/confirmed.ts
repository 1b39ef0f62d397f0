import { browser } from '../browser';
import { backendOf, type Portal } from '../portals';

const KEY = 'confirmed';

/** Whether a login of this user at this portal has succeeded before, after a click that confirmed it. */
export async function isConfirmed(
  portal: Portal,
  user: string,
): Promise<boolean> {
  return (await read()).includes(entry(portal, user));
}

/** Remembers it, once a login has succeeded. */
export async function rememberConfirmed(
  portal: Portal,
  user: string,
): Promise<void> {
  const known = new Set(await read());
  known.add(entry(portal, user));
  await browser.storage.local.set({ [KEY]: [...known] });
}

/** Forgets all of them: each is asked again. */
export async function forgetConfirmed(): Promise<void> {
  await browser.storage.local.remove(KEY);
}

/** Forgets those of one portal. */
export async function forgetConfirmedAt(portal: Portal): Promise<void> {
  const prefix = entry(portal, '').slice(0, -'""]'.length);
  const others = (await read()).filter(one => !one.startsWith(prefix));
  await browser.storage.local.set({ [KEY]: others });
}

/** Another backend behind the same portal is another question. */
function entry(portal: Portal, user: string): string {
  return JSON.stringify([portal.appUrl, backendOf(portal), user]);
}

async function read(): Promise<string[]> {
  const { [KEY]: known } = await browser.storage.local.get(KEY);
  return Array.isArray(known)
    ? known.filter(one => typeof one === 'string')
    : [];
}
