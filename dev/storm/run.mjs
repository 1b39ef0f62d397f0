#!/usr/bin/env node
// `make storm`: needs nothing but Node and Rust; installs and builds the rest, then runs tests/storm.rs at its full size.
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

const LOG = inRepository('target/storm-setup.log');
const STORM = ['cargo', 'test', '--locked', '--quiet', '--test', 'storm'];

async function prepare() {
  await step('setup', async () => {
    findRust();
    await installSystemPackages(['cc', 'redis-server', 'ip'], { log: LOG, say });
    await installNodePackages(inRepository('dev'), {
      log: LOG,
      say: () => say('Installing the npm packages of the development servers (a few seconds, once).'),
    });
  });
  await step('build', () => runCommand({ line: [...STORM, '--no-run'], log: LOG }));
}

/**
 * @param {{ requests: string, replicas: string }} size
 * @returns {Promise<number | null>} the exit code
 */
async function blow({ requests, replicas }) {
  const [program = '', ...args] = [...AS_ROOT, ...STORM];
  const env = { ...process.env, REQUESTS: requests, REPLICAS: replicas };
  const [code] = await once(spawn(program, args, { cwd: REPOSITORY, env, stdio: ['ignore', 'inherit', 'inherit'] }), 'close');
  return code;
}

try {
  const { values } = parseArgs({
    options: { requests: { type: 'string', default: '1000' }, replicas: { type: 'string', default: '3' } },
  });
  await prepare();
  if ((await blow(values)) !== 0) {
    throw new Error('what it says above');
  }
} catch (error) {
  if (error instanceof StepFailed || error instanceof CommandFailed) {
    say(await tailOf(LOG, 20));
  }
  say(`storm: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
