// All tests in one process, so that one environment serves them all.
import { readdir } from 'node:fs/promises';

const files = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.test.mjs')).sort();
// At once: tests begin as soon as there are any, and the environment ends when there are none left.
await Promise.all(files.map((file) => import(`./${file}`)));
