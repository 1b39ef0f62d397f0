// Which access a login needs, as trials in Chromium showed:
// - The callback's address. Without it the browser accepts the rules and never applies them: code and state reach port 8000.
// - Not the address from which the provider sends the browser there. Only the rule on the provider's own answer, which Chrome has,
//   needs that, and closes two gaps: a service worker that an app on port 8000 left behind, and the code in the history.
// - The portal's pages, for the content script, and its backend, which is asked and told without CORS.
import { browser, isFirefox } from '../browser';
import { backendOf, isConfigured, type Portal } from '../portals';
import { problemOf } from './end';
import type { Problem } from './login';

/** The origins to which a portal's logins need access, as match patterns. */
export function originsOf(portal: Portal): string[] {
  const providers = isFirefox() ? [] : portal.providers ?? [];
  const addresses = [
    'http://localhost:8000',
    portal.appUrl,
    backendOf(portal),
    ...providers,
  ];
  return [...new Set(addresses.map(patternOf))];
}

/** Whether the extension has all access that a portal's logins need. */
export async function permitted(portal: Portal): Promise<boolean> {
  return await browser.permissions.contains({ origins: originsOf(portal) });
}

/** Why a portal's logins may not go on; nothing where they may. */
export async function refusalAt(portal: Portal): Promise<Problem | undefined> {
  if (!(await isConfigured(portal))) {
    return problemOf('portal_unknown');
  }
  return (await permitted(portal))
    ? undefined
    : problemOf('permission_missing');
}

/** Firefox knows no ports in patterns: one with a port matches nothing. */
export function patternOf(address: string): string {
  const { protocol, hostname, host } = new URL(address);
  return `${protocol}//${isFirefox() ? hostname : host}/*`;
}
