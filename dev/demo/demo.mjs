#!/usr/bin/env node
// `make demo`: installs and builds what is missing, then runs login.mjs.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { CommandFailed, tailOf } from '../setup/command.mjs';
import { NEEDS } from '../setup/needs.mjs';
import { canHaveOwnNetwork, inOwnNetwork, runInForeground } from '../setup/own-network.mjs';
import { buildProgram, checkCallbackPort } from '../setup/program.mjs';
import { inRepository } from '../setup/repository.mjs';
import { setUp } from '../setup/setup.mjs';
import { say, step, StepFailed } from '../setup/steps.mjs';

const LOG = inRepository('target/demo/setup.log');
const LOGIN = fileURLToPath(new URL('login.mjs', import.meta.url));

/**
 * @param {boolean} headless
 * @param {boolean} ownNetwork
 */
async function prepare(headless, ownNetwork) {
  say('A login on real parts, all on this machine and all stopped at the end: an identity provider, a cluster, backend, helper.');
  if (!ownNetwork) {
    await checkCallbackPort();
  }
  await setUp(NEEDS[headless ? 'demo HEADLESS=1' : 'demo'], LOG);
  say('Building the program: two to four minutes on two cores the first time, then a second.');
  await step('build', () => buildProgram({ log: LOG }));
}

const headless = parseArgs({ options: { headless: { type: 'boolean', default: false } } }).values.headless;
const ownNetwork = headless && canHaveOwnNetwork();
try {
  await prepare(headless, ownNetwork);
  const login = [process.execPath, LOGIN, ...(headless ? ['--headless'] : [])];
  process.exitCode = await runInForeground(ownNetwork ? inOwnNetwork(login) : login);
} catch (error) {
  if (error instanceof StepFailed || error instanceof CommandFailed) {
    say(await tailOf(LOG, 20));
  }
  say(`demo: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
