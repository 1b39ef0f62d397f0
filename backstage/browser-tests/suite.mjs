// All tests in one process, so that one environment serves them all.
import { readdir } from 'node:fs/promises';

const files = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.test.mjs')).sort();
// Imported at once: tests begin when the first is defined, and the environment ends after the last.
await Promise.all(files.map((file) => import(`./${file}`)));
