// Renders icon.svg in the sizes that browsers and stores ask for: `node extension/build/icons.mjs` after a change of it.
import { readFile } from 'node:fs/promises';

import { chromium } from 'playwright-core';

/** Chrome's store wants a transparent margin around the largest one: 96 of 128 pixels are the picture. */
const SIZES = [
  { size: 16, margin: 0 },
  { size: 32, margin: 0 },
  { size: 48, margin: 0 },
  { size: 128, margin: 16 },
];

const here = new URL('../icons/', import.meta.url);
const svg = await readFile(new URL('icon.svg', here), 'utf8');
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  chromiumSandbox: false,
});
for (const { size, margin } of SIZES) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>body { margin: ${margin}px } svg { display: block }</style>${svg}`);
  await page.screenshot({ path: new URL(`${size}.png`, here).pathname, omitBackground: true });
  await page.close();
}
await browser.close();
