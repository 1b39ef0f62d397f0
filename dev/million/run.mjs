#!/usr/bin/env node
// `make million`: needs nothing but Node and Rust; installs and builds the rest, then runs tests/million.rs.
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

const LOG = inRepository('target/million-setup.log');
const MILLION = ['cargo', 'test', '--locked', '--quiet', '--test', 'million'];

async function prepare() {
  await step('setup', async () => {
    findRust();
    await installSystemPackages(['cc', 'redis-server', 'ip'], { log: LOG, say });
    await installNodePackages(inRepository('dev'), {
      log: LOG,
      say: () => say('Installing the npm packages of the development servers (a few seconds, once).'),
    });
  });
  // What is measured is the program, not a debug build of it; the release profile would take minutes more.
  process.env.CARGO_PROFILE_TEST_OPT_LEVEL = '2';
  process.env.CARGO_PROFILE_DEV_OPT_LEVEL = '2';
  await step('build', () => runCommand({ line: [...MILLION, '--no-run'], log: LOG }));
}

/**
 * @param {string} logins
 * @returns {Promise<number | null>} the exit code
 */
async function measure(logins) {
  const [program = '', ...args] = [...AS_ROOT, ...MILLION];
  const env = { ...process.env, LOGINS: logins };
  const [code] = await once(spawn(program, args, { cwd: REPOSITORY, env, stdio: ['ignore', 'inherit', 'inherit'] }), 'close');
  return code;
}

try {
  const { values } = parseArgs({ options: { logins: { type: 'string', default: '1000000' } } });
  await prepare();
  if ((await measure(values.logins)) !== 0) {
    throw new Error('what it says above');
  }
} catch (error) {
  if (error instanceof StepFailed || error instanceof CommandFailed) {
    say(await tailOf(LOG, 20));
  }
  say(`million: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
