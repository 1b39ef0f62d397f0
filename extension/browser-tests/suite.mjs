// The tests of one browser, BROWSER, in one process: one environment and one browser serve them all. TESTS=name,name runs some, and
// SHARD=1/2 every second file.
import { readdir } from 'node:fs/promises';

/** What is not tested, and why; CONTRIBUTING.md says the same. */
const NOT_RUN = [
  'both: the prompt with which a browser asks for access (it is no page, and cannot be clicked without a window)',
  'Firefox: a background that is killed (no command ends one; it is put to sleep in the middle of a login instead)',
  'Firefox: access to the provider taken away (no login needs it there)',
];

/** What one browser alone is tested with: the pages of the extension are the same in both. @type {Record<string, RegExp>} */
const OF_OTHERS = {
  Chromium: /-firefox\.test/,
  Firefox: /^pages|-chromium\.test/,
};

const { BROWSER = '', TESTS, SHARD = '1/1' } = process.env;
const ofOthers = OF_OTHERS[BROWSER];
if (!ofOthers) {
  throw new Error(`BROWSER is "${BROWSER}"; it has to be one of ${Object.keys(OF_OTHERS).join(', ')}.`);
}
for (const what of NOT_RUN.filter((line) => new RegExp(`^(both|${BROWSER})`).test(line))) {
  process.stdout.write(`  not run: ${what}\n`);
}

const wanted = TESTS?.split(',');
const all = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.test.mjs') && !ofOthers.test(name)).sort();
const [shard = 1, shards = 1] = SHARD.split('/').map(Number);
const files = all
  .filter((_, at) => at % shards === shard - 1)
  .filter((name) => !wanted || wanted.includes(name.replace('.test.mjs', '')));
if (files.length === 0) {
  throw new Error(`${BROWSER} has no tests of that name: name one that is there, or the browser that has it (BROWSER, TESTS).`);
}
// Started first, and the tests imported at once: tests begin when the first is defined, and the environment ends after the last.
await import('./environment.mjs');
await Promise.all(files.map((file) => import(`./${file}`)));
