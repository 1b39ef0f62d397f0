import { browser } from '../browser';
import { backendOf, type Portal } from '../portals';

/** The callback's address: without access to it the browser accepts the rules, and never applies them. */
const CALLBACK = 'http://localhost/*';

/** The origins to which a portal needs access, as match patterns. */
export function originsOf(portal: Portal): string[] {
  const addresses = [
    portal.appUrl,
    backendOf(portal),
    ...(portal.providers ?? []),
  ];
  return [...new Set([CALLBACK, ...addresses.map(patternOf)])];
}

/** Whether the extension has all access that a portal's logins need. */
export async function permitted(portal: Portal): Promise<boolean> {
  return await browser.permissions.contains({ origins: originsOf(portal) });
}

/** Firefox knows no ports in patterns: one with a port matches nothing. */
export function patternOf(address: string): string {
  const { protocol, hostname } = new URL(address);
  return `${protocol}//${hostname}/*`;
}
