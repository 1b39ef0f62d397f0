/** Firefox has its own name for the API. */
const named = globalThis as { browser?: typeof chrome };

/** The browser's API; under both names its calls give promises. */
export const browser: typeof chrome = named.browser ?? chrome;

/** Whether this is Firefox, which lacks rules on the headers of an answer. */
export function isFirefox(): boolean {
  return browser.runtime.getURL('').startsWith('moz-extension:');
}
