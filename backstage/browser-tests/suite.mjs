// All tests in one process, so that one environment serves them all.
import { readdir } from 'node:fs/promises';

import { IS_WHOLE } from './environment.mjs';

/** They restart Backstage. */
const ONLY_IN_WHOLE = ['terminal.test.mjs', 'wrong-cluster-name.test.mjs'];

const all = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.test.mjs')).sort();
const files = all.filter((name) => IS_WHOLE || !ONLY_IN_WHOLE.includes(name));
// Imported at once: tests begin when the first is defined, and the environment ends after the last.
await Promise.all(files.map((file) => import(`./${file}`)));
