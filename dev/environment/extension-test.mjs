#!/usr/bin/env node
// `make extension-test`: the browser tests of extension/browser-tests, of each browser in a network of its own. BROWSER=Firefox runs one.
import { NEEDS } from '../setup/needs.mjs';
import { step } from '../setup/steps.mjs';
import { runBrowserTests } from './browser-tests.mjs';
import { prepare } from './prepare.mjs';

/** Makes the extension as it is released. */
async function makeExtension() {
  // Only now: they import packages, which may just have been installed.
  const { BROWSERS, makeFolder } = await import('../../extension/build/folders.mjs');
  const { readVersion } = await import('../../extension/build/version.mjs');
  for (const browser of BROWSERS) {
    await makeFolder(browser, await readVersion());
  }
}

// Side by side, since they mostly wait; each has an environment of its own.
const browsers = process.env['BROWSER'] ? [process.env['BROWSER']] : ['Chromium', 'Firefox'];

await runBrowserTests({
  name: 'extension-test',
  folder: 'extension/browser-tests',
  prepare: async (log) => {
    await prepare({ log, needs: NEEDS['extension-test'] });
    await step('extension', makeExtension);
  },
  runs: browsers.map((browser) => ({ log: `target/extension-test-${browser.toLowerCase()}.log`, variables: { BROWSER: browser } })),
});
