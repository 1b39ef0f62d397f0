import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { ALL, keptTo, LOAD } from './processors.mjs';

test('a process that is kept to one processor knows of all of them', async () => {
  const module = new URL('processors.mjs', import.meta.url);
  const [command = '', ...args] = keptTo('0', [process.execPath, '--input-type=module', '--eval', `import { ALL, LOAD } from '${module}'; console.log(ALL, LOAD);`]);
  const { stdout } = await promisify(execFile)(command, args);
  assert.equal(stdout.trim(), `${ALL} ${LOAD}`);
});
