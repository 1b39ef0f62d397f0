import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, it } from 'node:test';

import { ExtensionPages, keepPicture } from './pages-in-chromium.mjs';

/** What the Chrome Web Store asks for; the others take it, too. */
const SIZE = { width: 1280, height: 800 };

const appUrl = 'https://backstage.example.com';
const facts = { user: 'user:default/felix', appUrl, cluster: 'Development', providerHost: 'idp.example.com', backUrl: appUrl };
const portal = { appUrl, providers: ['https://idp.example.com'] };
const clusters = [
  { name: 'dev', title: 'Development', connected: true, expiresAt: '2027-01-01T18:30:00Z' },
  { name: 'test', title: 'Test', connected: false },
  { name: 'prod', title: 'Production', connected: false, reason: 'expired' },
];
const stored = { local: { portals: [portal] }, session: { states: { [appUrl]: { clusters, at: Date.parse('2027-01-01T09:00:00Z') } } } };

/** @type {ExtensionPages} */
let pages;
before(async () => {
  pages = await ExtensionPages.launch();
});
after(() => pages?.close());

/**
 * @param {'confirm' | 'callback'} name
 * @param {object} state
 * @returns {(scheme: 'light' | 'dark') => Promise<import('playwright-core').Page>}
 */
const shown = (name, state) => async (scheme) => {
  const page = await pages.open(name, { scheme, size: SIZE });
  await page.locator('body[data-outcome]').waitFor();
  await pages.show(page, name, state);
  return page;
};

/** @type {[string, (scheme: 'light' | 'dark') => Promise<import('playwright-core').Page>][]} */
const PICTURES = [
  ['1-account', shown('confirm', { kind: 'asking', facts })],
  ['2-connected', shown('callback', { kind: 'connected', facts, account: 'felix@example.com' })],
  ['3-clusters', (scheme) => popup(scheme)],
  [
    '4-options',
    async (scheme) => {
      const page = await pages.open('options', { stored, scheme, size: SIZE, permitted: true });
      await page.locator('.portals').waitFor();
      return page;
    },
  ],
];

/**
 * The popup in the middle of a picture: it is much smaller than what the stores ask for.
 *
 * @param {'light' | 'dark'} scheme
 */
async function popup(scheme) {
  const small = await pages.open('popup', { stored, scheme, size: { width: 320, height: 400 }, permitted: true });
  await small.locator('.clusters').waitFor();
  const picture = (await small.locator('body').screenshot()).toString('base64');
  await small.close();
  const page = await pages.context.newPage();
  await page.setViewportSize(SIZE);
  const ground = { light: '#dfe7e4', dark: '#060908' }[scheme];
  await page.setContent(
    `<body style="margin: 0; height: 100vh; display: grid; place-items: center; background: ${ground}">
    <img style="border-radius: 12px; zoom: 1.6" src="data:image/png;base64,${picture}">`,
  );
  return page;
}

for (const scheme of /** @type {const} */ (['light', 'dark'])) {
  it(`the pictures for the stores have the size that is asked for: ${scheme}`, async () => {
    for (const [name, open] of PICTURES) {
      const page = await open(scheme);
      const path = await keepPicture(page, `store-${name}-${scheme}`, { fullPage: false });
      const png = await readFile(path);
      // The header of a PNG: width and height are at 16 and 20.
      assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [SIZE.width, SIZE.height], name);
      await page.close();
    }
  });
}
