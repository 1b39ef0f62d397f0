#!/usr/bin/env node
// `make extension-test`: the browser tests of extension/browser-tests, each run in a network of its own. BROWSER=Firefox runs one browser's.
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

/**
 * Side by side, since they mostly wait; each has an environment of its own. Firefox takes the longest for its tests.
 *
 * @type {{ BROWSER: string, SHARD: string, OUTPUT: string }[]}
 */
const ALL = [
  { BROWSER: 'Chromium', SHARD: '1/1', OUTPUT: 'chromium' },
  { BROWSER: 'Firefox', SHARD: '1/2', OUTPUT: 'firefox-1' },
  { BROWSER: 'Firefox', SHARD: '2/2', OUTPUT: 'firefox-2' },
];
const { BROWSER: browser, TESTS: tests } = process.env;
// Some files, or one browser: in one process each.
const runs = browser || tests
  ? ALL.filter(({ SHARD: shard, BROWSER: one }) => !shard.startsWith('2') && (!browser || browser === one)).map((run) => ({ ...run, SHARD: '1/1' }))
  : ALL;

await runBrowserTests({
  name: 'extension-test',
  folder: 'extension/browser-tests',
  prepare: async (log) => {
    await prepare({ log, needs: NEEDS['extension-test'] });
    await step('extension', makeExtension);
  },
  runs: runs.map((variables) => ({ log: `target/extension-test-${variables.OUTPUT}.log`, variables })),
});
