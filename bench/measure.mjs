#!/usr/bin/env node
// The measuring itself; bench.mjs starts it in a network of its own, after it has built everything.
import { rm } from 'node:fs/promises';

import { inRepository } from '../dev/setup/repository.mjs';
import { say } from '../dev/setup/steps.mjs';
import { endOnSignals } from './parties/interruption.mjs';
import { verdicts } from './report/floors.mjs';
import { machine } from './report/machine.mjs';
import { writePage } from './report/page.mjs';
import { chosenGroups } from './rows/groups.mjs';
import { scaleOf } from './rows/scale.mjs';

/** @param {import('./rows/row.mjs').Row[]} rows @param {import('./report/floors.mjs').Verdict[]} found @returns {string[]} what has failed */
function failuresOf(rows, found) {
  const rowsFailed = rows.flatMap(({ title, failure }) => (failure ? [`${title}: ${failure}`] : []));
  const floors = found.filter(({ floor, holds }) => floor.kind === 'floor' && !holds);
  return [...rowsFailed, ...floors.map(({ floor, was }) => `floor: ${floor.text}; it was ${was}`)];
}

endOnSignals();
try {
  await rm(inRepository('target/bench'), { recursive: true, force: true });
  const scale = scaleOf();
  const rows = [];
  for (const group of chosenGroups(process.env['ROWS'])) {
    rows.push(...(await group.measure(scale).catch((error) => [failedGroup(group.name, error)])));
  }
  const found = verdicts(rows);
  await writePage({ rows, verdicts: found, machine: await machine(), scale });
  const failures = failuresOf(rows, found);
  const goals = found.filter(({ floor }) => floor.kind === 'goal');
  const figures = `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}, ${found.length - goals.length} floors hold, ${goals.filter(({ holds }) => holds).length} of ${goals.length} goals met`;
  say(failures.length === 0 ? `bench: ok (${figures})` : `bench: failed (${failures.join('; ')})`);
  process.exitCode = failures.length === 0 ? 0 : 1;
} catch (error) {
  say(`bench: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}

/** @param {string} name @param {unknown} error @returns {import('./rows/row.mjs').Row} */
function failedGroup(name, error) {
  say(`✗ ${name}: ${error instanceof Error ? error.stack : error}`);
  return { title: name, about: '', columns: [], samples: new Map(), failure: error instanceof Error ? error.message : String(error) };
}
