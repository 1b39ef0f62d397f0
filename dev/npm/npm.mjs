#!/usr/bin/env node
// `make npm`: the npm packages around the program of this checkout, published to a registry on loopback, installed from it, and run.
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { CommandFailed, runCommand, tailOf } from '../setup/command.mjs';
import { NEEDS } from '../setup/needs.mjs';
import { inOwnNetwork, runInForeground } from '../setup/own-network.mjs';
import { buildProgram } from '../setup/program.mjs';
import { inRepository } from '../setup/repository.mjs';
import { setUp } from '../setup/setup.mjs';
import { say, step, StepFailed } from '../setup/steps.mjs';
import { AS_ROOT } from '../suites/suites.mjs';
import { LOGS, RELEASE_FILES } from './logs.mjs';
import { makeReleaseFiles } from './release-files.mjs';

const LOG = inRepository(LOGS, 'setup.log');
const RUN = fileURLToPath(new URL('run.mjs', import.meta.url));

try {
  await rm(inRepository(LOGS), { recursive: true, force: true });
  await step('setup', () => setUp(NEEDS.npm, LOG));
  await step('program', () => buildProgram({ log: LOG }));
  await step('programs', () => makeReleaseFiles(RELEASE_FILES, (line, folder) => runCommand({ line, folder, log: LOG })));
  process.exitCode = await runInForeground([...AS_ROOT, ...inOwnNetwork([process.execPath, RUN])]);
} catch (error) {
  if (error instanceof StepFailed || error instanceof CommandFailed) {
    say(await tailOf(LOG, 20));
  }
  say(`npm: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
