// All tests in one process, so that one environment and two browsers serve them all. TESTS=name,name runs some.
import { readdir } from 'node:fs/promises';

/** What is not tested, and why; CONTRIBUTING.md says the same. */
const NOT_RUN = [
  'both: the prompt with which a browser asks for access (it is no page, and cannot be clicked without a window)',
  'Firefox: a background that is killed (no command ends one; it is put to sleep in the middle of a login instead)',
  'Firefox: access to the provider taken away (no login needs it there)',
];
for (const what of NOT_RUN) {
  process.stdout.write(`  not run: ${what}\n`);
}

const wanted = process.env['TESTS']?.split(',');
const all = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.test.mjs')).sort();
const files = all.filter((name) => !wanted || wanted.includes(name.replace('.test.mjs', '')));
// Started first, and the tests imported at once: tests begin when the first is defined, and the environment ends after the last.
await import('./environment.mjs');
await Promise.all(files.map((file) => import(`./${file}`)));
