#!/usr/bin/env node
// `make backstage`: installs and builds what is missing, then runs run.mjs.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { CommandFailed, tailOf } from '../setup/command.mjs';
import { NEEDS } from '../setup/needs.mjs';
import { canHaveOwnNetwork, inOwnNetwork, runInForeground } from '../setup/own-network.mjs';
import { checkCallbackPort } from '../setup/program.mjs';
import { inRepository } from '../setup/repository.mjs';
import { say, StepFailed } from '../setup/steps.mjs';
import { prepare } from './prepare.mjs';

const LOG = inRepository('target/backstage-setup.log');
const RUN = fileURLToPath(new URL('run.mjs', import.meta.url));

const { headless } = parseArgs({ options: { headless: { type: 'boolean', default: false } } }).values;
const ownNetwork = headless && canHaveOwnNetwork();
try {
  say('Backstage with everything around it, all on this machine and all stopped at the end.');
  if (!ownNetwork) {
    await checkCallbackPort();
  }
  await prepare({ log: LOG, needs: NEEDS[headless ? 'backstage HEADLESS=1' : 'backstage'] });
  const run = [process.execPath, RUN, ...(headless ? ['--headless'] : [])];
  process.exitCode = await runInForeground(ownNetwork ? inOwnNetwork(run) : run);
} catch (error) {
  if (error instanceof StepFailed || error instanceof CommandFailed) {
    say(await tailOf(LOG, 20));
  }
  say(`backstage: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
