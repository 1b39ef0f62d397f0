#!/usr/bin/env node
// `make chart`: all that can be known of charts/backstage-oidc-helper without a cluster.
import { fileURLToPath } from 'node:url';

import { CommandFailed, tailOf } from '../setup/command.mjs';
import { NEEDS } from '../setup/needs.mjs';
import { runInForeground } from '../setup/own-network.mjs';
import { buildProgram } from '../setup/program.mjs';
import { inRepository } from '../setup/repository.mjs';
import { setUp } from '../setup/setup.mjs';
import { say, step, StepFailed } from '../setup/steps.mjs';

const LOG = inRepository('target/chart-setup.log');

try {
  await step('setup', () => setUp(NEEDS.chart, LOG));
  await step('program', () => buildProgram({ log: LOG }));
  // Its npm packages are there only now.
  process.exitCode = await runInForeground([process.execPath, fileURLToPath(new URL('run.mjs', import.meta.url))]);
} catch (error) {
  if (error instanceof StepFailed || error instanceof CommandFailed) {
    say(await tailOf(LOG, 20).catch(() => ''));
  }
  say(`chart: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
