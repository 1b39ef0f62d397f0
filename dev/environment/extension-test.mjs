#!/usr/bin/env node
// `make extension-test`: the browser tests of extension/browser-tests, each run in a network of its own. BROWSER=Firefox, TESTS=name,name run
// a part of them.
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

/** Side by side, since they mostly wait; each has an environment of its own. Firefox takes the longest for its tests. */
const WHOLE = [
  { BROWSER: 'Chromium', SHARD: '1/1', OUTPUT: 'chromium' },
  { BROWSER: 'Firefox', SHARD: '1/2', OUTPUT: 'firefox-1' },
  { BROWSER: 'Firefox', SHARD: '2/2', OUTPUT: 'firefox-2' },
];
const { BROWSER: browser, TESTS: tests } = process.env;
const browsers = browser ? [browser] : ['Chromium', 'Firefox'];
const part = browsers.map((name) => ({ BROWSER: name, SHARD: '1/1', OUTPUT: name.toLowerCase() }));
const runs = browser || tests ? part : WHOLE;

await runBrowserTests({
  name: 'extension-test',
  folder: 'extension/browser-tests',
  prepare: async (log) => {
    await prepare({ log, needs: NEEDS['extension-test'] });
    await step('extension', makeExtension);
  },
  runs: runs.map((variables) => ({ log: `target/extension-test-${variables.OUTPUT}.log`, variables })),
});
