// The form of the options page with which a user adds a portal.

/** @typedef {import('playwright-core').Page} Page */

/**
 * Types an address, and presses Enter.
 *
 * @param {Page} page
 * @param {string} typed
 */
export async function add(page, typed) {
  await page.getByLabel('Address of Backstage').fill(typed);
  await page.keyboard.press('Enter');
}

/** @param {Page} page @returns {Promise<unknown>} the portals that are kept */
export async function portals(page) {
  return page.evaluate(async () => (await chrome.storage.local.get('portals')).portals);
}
