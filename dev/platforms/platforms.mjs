#!/usr/bin/env node
// `make platforms`: builds the program for Windows and runs it under Wine, and logs in in WebKit, the nearest to Safari here.
import { fileURLToPath } from 'node:url';

import { buildFrontend } from '../environment/frontend-bundle.mjs';
import { CommandFailed, tailOf } from '../setup/command.mjs';
import { NEEDS } from '../setup/needs.mjs';
import { inOwnNetwork, runInForeground } from '../setup/own-network.mjs';
import { buildProgram } from '../setup/program.mjs';
import { inRepository } from '../setup/repository.mjs';
import { setUp } from '../setup/setup.mjs';
import { say, step, StepFailed } from '../setup/steps.mjs';
import { AS_ROOT } from '../suites/suites.mjs';
import { LOGS } from './logs.mjs';
import { buildForWindows } from './windows-build.mjs';

const LOG = inRepository(LOGS, 'setup.log');
const RUN = fileURLToPath(new URL('run.mjs', import.meta.url));

try {
  await step('setup', () => setUp(NEEDS.platforms, LOG));
  await step('program', () => buildProgram({ log: LOG }));
  await step('frontend', () => buildFrontend({ log: LOG }));
  await step('for Windows', () => buildForWindows(LOG));
  process.exitCode = await runInForeground([...AS_ROOT, ...inOwnNetwork([process.execPath, RUN])]);
} catch (error) {
  if (error instanceof StepFailed || error instanceof CommandFailed) {
    say(await tailOf(LOG, 20));
  }
  say(`platforms: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
