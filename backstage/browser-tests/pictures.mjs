import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { comparePictures } from '../../dev/browser/compare-pictures.mjs';
import { artefact, environment } from './environment.mjs';

/** Makes the pictures anew instead of comparing them. */
const RENEW = process.env['RENEW_PICTURES'] === '1';

/** The share of pixels that may differ: more than fonts do, less than a missing line or button. */
const TOLERANCE = 0.01;

/** The same fonts on each machine: those that Debian's fontconfig brings. */
const STYLE = `
  * { font-family: 'DejaVu Sans', sans-serif !important; }
  code { font-family: 'DejaVu Sans Mono', monospace !important; }
`;

/** What is never the same: times, and the port of this Backstage. */
const CHANGING = [
  { pattern: String.raw`^\d:\d\d$`, instead: '5:00' },
  { pattern: String.raw`until \w+ \d+, \d+, \d+:\d\d\s[AP]M`, instead: 'until Jan 1, 2030, 12:00 PM' },
  { pattern: environment.url, instead: 'http://localhost:7007' },
];

const HOW_TO_RENEW = 'renew the pictures with RENEW_PICTURES=1 make backstage-test, look at them, and commit them';

/**
 * Compares a part of the page with the picture of it in `pictures/`.
 *
 * @param {import('../../dev/browser/chromium.mjs').Locator} part
 * @param {string} name of the picture
 */
export async function comparePicture(part, name) {
  await part.waitFor();
  await part.page().mouse.move(0, 0);
  await part.evaluate(replaceTexts, CHANGING);
  const actual = await part.screenshot({ path: artefact(`${name}.png`), animations: 'disabled', style: STYLE });
  const kept = join(import.meta.dirname, 'pictures', `${name}.png`);
  if (RENEW) {
    await mkdir(dirname(kept), { recursive: true });
    await writeFile(kept, actual);
    return;
  }
  const expected = await readFile(kept).catch(() => undefined);
  if (!expected) {
    throw new Error(`there is no backstage/browser-tests/pictures/${name}.png to compare with: ${HOW_TO_RENEW}`);
  }
  const { share, picture } = comparePictures(expected, actual);
  if (share > TOLERANCE) {
    await writeFile(artefact(`${name}-difference.png`), picture);
    throw new Error(
      `${(100 * share).toFixed(1)} % of ${name}.png differ from the picture in backstage/browser-tests/pictures: ` +
        `look at target/test-output/backstage/${name}-difference.png; if it is meant to look like that, ${HOW_TO_RENEW}`,
    );
  }
}

/**
 * Runs in the page.
 *
 * @param {Element} part
 * @param {typeof CHANGING} changing
 */
function replaceTexts(part, changing) {
  const texts = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    for (const { pattern, instead } of changing) {
      text.nodeValue = text.nodeValue?.replace(new RegExp(pattern, 'g'), instead) ?? null;
    }
  }
}
