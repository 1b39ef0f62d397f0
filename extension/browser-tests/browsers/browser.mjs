/**
 * A tab, whatever browser it is in. Selectors are CSS.
 *
 * @typedef {object} Tab
 * @property {(url: string) => Promise<void>} open goes there; ends when the browser has begun to show it
 * @property {() => Promise<string>} address
 * @property {<Argument, Result>(script: (argument: Argument) => Result, argument: Argument) => Promise<Awaited<Result>>} run
 *   runs a function in the page
 * @property {(selector: string) => Promise<void>} click as a person does, once it is there
 * @property {(selector: string, text: string) => Promise<void>} fill once it is there
 * @property {(path: string) => Promise<void>} picture
 * @property {() => Promise<void>} close
 */

/**
 * A browser in which the extension is installed, as it is built for users.
 *
 * @typedef {object} ExtendedBrowser
 * @property {'Chromium' | 'Firefox'} name
 * @property {boolean} closed
 * @property {string} origin of the extension's own pages
 * @property {string} profile the folder in which the browser keeps everything
 * @property {() => Promise<Tab>} newTab
 * @property {() => Promise<Tab[]>} tabs the same objects each time
 * @property {(origins: string[]) => Promise<void>} grant gives the extension access, as a click on the browser's prompt does
 * @property {() => Promise<void>} close ends the browser; its profile stays
 * @property {() => Promise<void>} discard ends the browser and removes its profile
 */

/**
 * @typedef {object} LaunchOptions
 * @property {string[]} granted the access that the user gave to the extension, as match patterns, in addition to what its manifest requires
 * @property {string} [program] that is run instead of the browser's own
 * @property {string} [profile] of a browser that was closed, which is started again: it has its access already
 * @property {boolean} [staysInstalled] Firefox: the extension is there after a restart, too, as one from a store is
 */

/**
 * Fills in a page of the extension's or of a portal's.
 *
 * @param {Tab} tab
 * @returns {Promise<string>} what the page shows, on one line
 */
export async function textOf(tab) {
  const text = await tab.run(() => document.body.innerText, undefined);
  return text.replaceAll(/\s+/g, ' ').trim();
}
