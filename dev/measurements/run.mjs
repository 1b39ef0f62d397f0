#!/usr/bin/env node
// `make storm`, `make watches`, `make million`, `make upgrade`, `make providers`: run tests/NAME.rs at its full size, after installing and
// building what it needs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { CommandFailed, runCommand, tailOf } from '../setup/command.mjs';
import { NEEDS } from '../setup/needs.mjs';
import { providerPrograms } from '../setup/provider-programs.mjs';
import { inRepository, REPOSITORY } from '../setup/repository.mjs';
import { setUp } from '../setup/setup.mjs';
import { say, step, StepFailed } from '../setup/steps.mjs';
import { AS_ROOT } from '../suites/suites.mjs';
import { EARLIER, EARLIER_WITH_FILE, earlierBinary } from './earlier-binary.mjs';

/** Optimized as far as it changes what is measured, without the minutes of a release build. */
const OPTIMIZED = { CARGO_PROFILE_TEST_OPT_LEVEL: '2', CARGO_PROFILE_DEV_OPT_LEVEL: '2' };

/** @typedef {'storm' | 'watches' | 'million' | 'upgrade' | 'providers'} Name */

/** What each is built and run with. @type {Record<Name, Record<string, string>>} */
const VARIABLES = { storm: {}, watches: OPTIMIZED, million: OPTIMIZED, upgrade: {}, providers: providerPrograms() };

/** @param {string | undefined} name @returns {Name} */
function known(name) {
  const names = /** @type {Name[]} */ (Object.keys(VARIABLES));
  const found = names.find((one) => one === name);
  if (found === undefined) {
    throw new Error(`There is nothing to run that is called ${name}; name one of ${names.join(', ')}.`);
  }
  return found;
}

/**
 * @param {string[]} line
 * @param {Record<string, string | undefined>} variables
 * @returns {Promise<number | null>} the exit code
 */
async function measure([program = '', ...args], variables) {
  const env = { ...process.env, ...variables };
  const [code] = await once(spawn(program, args, { cwd: REPOSITORY, env, stdio: ['ignore', 'inherit', 'inherit'] }), 'close');
  return code;
}

/** @param {string} commit */
async function earlier(commit) {
  return {
    EARLIER_BINARY: await step('earlier', () => earlierBinary(commit, log)),
    EARLIER_BINARY_WITH_FILE: await step('earlier, with a file', () => earlierBinary(EARLIER_WITH_FILE, log)),
  };
}

const { values: { size }, positionals } = parseArgs({
  // Settings of the measurement, as NAME=VALUE.
  options: { size: { type: 'string', multiple: true, default: [] } },
  allowPositionals: true,
});
const name = known(positionals[0]);
const log = inRepository(`target/${name}-setup.log`);
try {
  const line = ['cargo', 'test', '--locked', '--quiet', '--test', name];
  const variables = VARIABLES[name];
  await step('setup', () => setUp(NEEDS[name], log));
  const sizes = Object.fromEntries(size.map((setting) => setting.split('=')));
  const beside = name === 'upgrade' ? await earlier(sizes['EARLIER'] ?? EARLIER) : {};
  await step('build', () => runCommand({ line: [...line, '--no-run'], variables, log }));
  if ((await measure([...AS_ROOT, ...line], { ...variables, ...sizes, ...beside })) !== 0) {
    throw new Error('what it says above');
  }
} catch (error) {
  if (error instanceof StepFailed || error instanceof CommandFailed) {
    say(await tailOf(log, 20));
  }
  say(`${name}: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
