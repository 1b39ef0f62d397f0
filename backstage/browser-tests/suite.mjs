// All tests in one process, so that one environment serves them all.
import { readdir } from 'node:fs/promises';

const files = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.test.mjs')).sort();
for (const file of files) {
  await import(`./${file}`);
}
