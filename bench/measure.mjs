#!/usr/bin/env node
// The measuring itself; bench.mjs starts it in a network of its own, after it has built everything.
import { rm } from 'node:fs/promises';

import { inRepository } from '../dev/setup/repository.mjs';
import { say } from '../dev/setup/steps.mjs';
import { earlierBinary } from './measuring/earlier-binary.mjs';
import { endOnSignals } from './parties/interruption.mjs';
import { OURS } from './programs.mjs';
import { binaries } from './report/binaries.mjs';
import { machine } from './report/machine.mjs';
import { countsOf, failuresOf } from './report/outcome.mjs';
import { writePage } from './report/page.mjs';
import { unjudged, verdicts } from './report/verdicts.mjs';
import { chosenGroups } from './rows/groups.mjs';
import { scaleOf } from './rows/scale.mjs';

endOnSignals();
try {
  await rm(inRepository('target/bench'), { recursive: true, force: true });
  const scale = scaleOf();
  const earlier = earlierBinary();
  const measured = await binaries(OURS, earlier);
  const rows = [];
  for (const group of chosenGroups(process.env['ROWS'])) {
    rows.push(...(await group.measure(scale).catch((error) => [failedGroup(group.name, error)])));
  }
  const found = verdicts(rows, earlier?.variable);
  await writePage({ rows, verdicts: found, machine: `${await machine()}\n${measured}`, scale });
  const failures = failuresOf(rows, found, unjudged(rows, { variable: earlier?.variable, ofAll: !process.env['ROWS'] }));
  say(failures.length === 0 ? `bench: ok (${countsOf(rows, found)})` : `bench: failed (${failures.join('; ')})`);
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
