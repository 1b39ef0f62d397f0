#!/usr/bin/env node
// `make watches`: needs nothing but Node and Rust; installs and builds the rest, then runs tests/watches.rs at its full size.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { CommandFailed, runCommand, tailOf } from '../setup/command.mjs';
import { installNodePackages } from '../setup/node-packages.mjs';
import { inRepository, REPOSITORY } from '../setup/repository.mjs';
import { findRust } from '../setup/rust.mjs';
import { say, step, StepFailed } from '../setup/steps.mjs';
import { installSystemPackages } from '../setup/system-packages.mjs';
import { AS_ROOT } from '../suites/suites.mjs';

const LOG = inRepository('target/watches-setup.log');
const WATCHES = ['cargo', 'test', '--locked', '--quiet', '--test', 'watches'];

/** Optimized as far as it changes what memory holds, without the minutes of a release build. */
const OPTIMIZED = { CARGO_PROFILE_TEST_OPT_LEVEL: '2', CARGO_PROFILE_DEV_OPT_LEVEL: '2' };

async function prepare() {
  await step('setup', async () => {
    findRust();
    await installSystemPackages(['cc', 'ip'], { log: LOG, say });
    for (const folder of ['dev', 'dev/backstage']) {
      const begin = () => say(`Installing the npm packages of ${folder} (up to two minutes, once).`);
      await installNodePackages(inRepository(folder), { log: LOG, say: begin });
    }
  });
  await step('build', () => runCommand({ line: [...WATCHES, '--no-run'], variables: OPTIMIZED, log: LOG }));
}

/**
 * @param {string} watches
 * @returns {Promise<number | null>} the exit code
 */
async function measure(watches) {
  const [program = '', ...args] = [...AS_ROOT, ...WATCHES];
  const env = { ...process.env, ...OPTIMIZED, WATCHES: watches };
  const [code] = await once(spawn(program, args, { cwd: REPOSITORY, env, stdio: ['ignore', 'inherit', 'inherit'] }), 'close');
  return code;
}

try {
  const { values } = parseArgs({ options: { watches: { type: 'string', default: '5000' } } });
  await prepare();
  if ((await measure(values.watches)) !== 0) {
    throw new Error('what it says above');
  }
} catch (error) {
  if (error instanceof StepFailed || error instanceof CommandFailed) {
    say(await tailOf(LOG, 20));
  }
  say(`watches: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
