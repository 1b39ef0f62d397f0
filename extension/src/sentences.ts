import { browser } from './browser';

/** A sentence of _locales, in the user's language. */
export function sentence(key: string, ...texts: string[]): string {
  return browser.i18n.getMessage(key, texts);
}
