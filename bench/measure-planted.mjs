#!/usr/bin/env node
// The measuring of `make bench-planted`; bench.mjs starts it in a network of its own, after it has built both programs.
import { say } from '../dev/setup/steps.mjs';
import { endOnSignals } from './parties/interruption.mjs';
import { seesPlantedSleep } from './rows/planted.mjs';
import { scaleOf } from './rows/scale.mjs';

endOnSignals();
try {
  const { seen, said } = await seesPlantedSleep(scaleOf());
  say(seen ? `bench-planted: ok (a sleep of 1 ms fails: ${said})` : `bench-planted: failed (a sleep of 1 ms is not seen: ${said})`);
  process.exitCode = seen ? 0 : 1;
} catch (error) {
  say(`bench-planted: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
