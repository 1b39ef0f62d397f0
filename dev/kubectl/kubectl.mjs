#!/usr/bin/env node
// `make kubectl`: kubectl and helm through the backend, before a cluster with a node.
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { CommandFailed, tailOf } from '../setup/command.mjs';
import { NEEDS } from '../setup/needs.mjs';
import { inOwnNetwork, runInForeground } from '../setup/own-network.mjs';
import { buildProgram } from '../setup/program.mjs';
import { inRepository } from '../setup/repository.mjs';
import { setUp } from '../setup/setup.mjs';
import { say, step, StepFailed } from '../setup/steps.mjs';
import { AS_ROOT } from '../suites/suites.mjs';

const LOG = inRepository('target/kubectl-setup.log');
const RUN = fileURLToPath(new URL('run.mjs', import.meta.url));

try {
  await rm(LOG, { force: true });
  await step('setup', () => setUp(NEEDS.kubectl, LOG));
  await step('program', () => buildProgram({ log: LOG }));
  process.exitCode = await runInForeground([...AS_ROOT, ...inOwnNetwork([process.execPath, RUN])]);
} catch (error) {
  if (error instanceof StepFailed || error instanceof CommandFailed) {
    say(await tailOf(LOG, 20));
  }
  say(`kubectl: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
