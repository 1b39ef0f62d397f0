#!/usr/bin/env node
// `make release-test`: installs and runs what `make release` has left in target/release-files/, as far as this machine can.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { whyNoContainers } from '../../image/prerequisites.mjs';
import { CommandFailed, tailOf } from '../../setup/command.mjs';
import { NEEDS } from '../../setup/needs.mjs';
import { inOwnNetwork, runInForeground } from '../../setup/own-network.mjs';
import { buildProgram } from '../../setup/program.mjs';
import { inRepository } from '../../setup/repository.mjs';
import { setUp } from '../../setup/setup.mjs';
import { say, step, StepFailed } from '../../setup/steps.mjs';
import { CHECKSUMS, RELEASE_FILES } from '../project.mjs';
import { LOGS, provideDebian } from './roots.mjs';

const LOG = inRepository(LOGS, 'setup.log');
const RUN = fileURLToPath(new URL('run.mjs', import.meta.url));

try {
  // A bare Debian and a root folder of its own need what containers need.
  const whyNot = whyNoContainers();
  if (whyNot !== undefined) {
    throw new Error(whyNot);
  }
  if (!existsSync(join(RELEASE_FILES, CHECKSUMS))) {
    throw new Error('there are no released files: run make release first');
  }
  await step('setup', () => setUp(NEEDS['release-test'], LOG));
  await step('debian', () => provideDebian(LOG));
  // The backend beside the released program is the debug binary.
  await step('program', () => buildProgram({ log: LOG }));
  process.exitCode = await runInForeground(inOwnNetwork([process.execPath, RUN]));
} catch (error) {
  if (error instanceof StepFailed || error instanceof CommandFailed) {
    say(await tailOf(LOG, 20));
  }
  say(`release-test: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
