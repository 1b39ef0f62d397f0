import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

import { familyOf, memoryOf, processorSeconds, readStat } from './processes.mjs';

test('a name with spaces and parentheses hides no field', () => {
  const fields = ['S', 42, ...Array(9).fill(0), 100, 20, 3, 4, ...Array(5).fill(9)];
  assert.deepEqual(readStat(`7 (a) (b) ${fields.join(' ')}`), { parent: 42, ticks: 127 });
});

test('a family is a process, its children and theirs, and no neighbour', () => {
  const all = new Map([[1, 0], [2, 1], [3, 2], [4, 1], [5, 0], [6, 5]].map(([pid, parent]) => [pid, { parent, ticks: 0 }]));
  assert.deepEqual(familyOf(1, /** @type {any} */ (all)).toSorted(), [1, 2, 3, 4]);
});

test('processor time of children counts, while they run and when they have ended', async () => {
  const burn = 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done';
  const child = spawn('sh', ['-c', `sh -c '${burn}'; echo done; read line`], { stdio: ['pipe', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  const used = processorSeconds(/** @type {number} */ (child.pid));
  const ended = once(child, 'exit');
  child.stdin.end();
  await ended;
  assert.ok(used >= 0.02, `${used} s`);
});

test('memory is read in KiB', () => {
  const [now, most] = [memoryOf(process.pid, 'VmRSS'), memoryOf(process.pid, 'VmHWM')];
  assert.ok(now > 10_000 && most >= now, `${now} of at most ${most}`);
});
