#!/usr/bin/env node
// `make test`, with --all `make test-all` and with --lint `make lint`: run the suites; all but the last install what is missing.
import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { whyNoImage } from '../image/prerequisites.mjs';
import { runCommand, tailOf } from '../setup/command.mjs';
import { NEEDS } from '../setup/needs.mjs';
import { inRepository } from '../setup/repository.mjs';
import { missing, setUpPackages, setUpSystem } from '../setup/setup.mjs';
import { duration, say, step } from '../setup/steps.mjs';
import { MissingProgram } from '../setup/system-packages.mjs';
import { runInTurn, runSuite } from './run-suite.mjs';
import { DEVELOPMENT_SUITES, IMAGE, LINTS, LONG_SUITES, OTHER_SYSTEMS, PLUGIN_LINTS, PROGRAM_SUITES, SECRETS } from './suites.mjs';

/** @typedef {import('./run-suite.mjs').Result} Result */

const SETUP_LOG = inRepository('target/setup.log');

/** How much of a failed suite's output is shown. */
const TAIL_LINES = 60;

/** @returns {Promise<Result[]>} */
async function lint() {
  const absent = await missing(NEEDS.lint, SETUP_LOG);
  if (absent.length > 0) {
    throw new MissingProgram(`not installed here: ${absent.join(', ')}; make setup installs them`);
  }
  return [...(await checked()), ...(await runInTurn(OTHER_SYSTEMS))];
}

/** @returns {Promise<Result[]>} */
async function checked() {
  const results = await runInTurn([...LINTS, ...PLUGIN_LINTS]);
  say('  advisories: not checked (no database here)');
  return results;
}

/**
 * @param {import('./suites.mjs').Suite[]} more besides what every change runs
 * @returns {Promise<Result[]>}
 */
async function test(more) {
  const whole = more.length > 0;
  await rm(inRepository('target/test-output'), { recursive: true, force: true });
  const needs = NEEDS[whole ? 'test-all' : 'test'];
  await step('setup', () => setUpSystem(needs, SETUP_LOG));
  // One needs the network and the other the processor.
  await both(
    step('packages', () => setUpPackages(needs, SETUP_LOG)),
    step('build', () => runCommand({ line: ['cargo', 'build', '--locked', '--tests'], log: SETUP_LOG })),
  );
  const whyNot = whyNoImage();
  if (whyNot !== undefined) {
    say(`  image: not run (${whyNot})`);
  }
  if (!whole) {
    say('  windows, macos: not run (each compiles all crates once more: make lint, make test-all)');
  }
  const development = whyNot === undefined ? [...DEVELOPMENT_SUITES, IMAGE] : DEVELOPMENT_SUITES;
  const around = async () => [...(await runInTurn(development)), ...(await checked())];
  const results = (await Promise.all([runInTurn(PROGRAM_SUITES), around()])).flat();
  return [...results, ...(await runInTurn(more)), await runSuite(SECRETS)];
}

/**
 * Waits for both even when one fails: nothing is to go on behind the last line.
 *
 * @param {Promise<unknown>[]} work
 */
async function both(...work) {
  const failed = (await Promise.allSettled(work)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') {
    throw failed.reason;
  }
}

/**
 * @param {string} name
 * @param {() => Promise<Result[]>} run
 */
async function report(name, run) {
  const began = performance.now();
  const results = await run();
  const sum = (/** @type {'passed' | 'failed'} */ what) => results.reduce((all, { counts }) => all + counts[what], 0);
  const failed = results.filter(({ ok }) => !ok).map(({ suite }) => suite.name);
  const seconds = duration(performance.now() - began);
  if (results.some(({ suite }) => suite.counts)) {
    // A failed check is no test, yet nothing is all right with it.
    say(`${sum('passed')} passed, ${Math.max(sum('failed'), failed.length)} failed`);
  }
  say(failed.length === 0
    ? `${name}: ok (${results.length} suites, ${sum('passed')} tests, ${seconds})`
    : `${name}: failed (${failed.join(', ')})`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

/** @returns {[string, () => Promise<Result[]>]} */
function chosen() {
  const { lint: onlyLint, all } = parseArgs({ options: { lint: { type: 'boolean' }, all: { type: 'boolean' } } }).values;
  if (onlyLint) {
    return ['lint', lint];
  }
  return all ? ['test-all', () => test([...OTHER_SYSTEMS, ...LONG_SUITES])] : ['test', () => test([])];
}

const [name, run] = chosen();
try {
  await report(name, run);
} catch (error) {
  say(await tailOf(SETUP_LOG, TAIL_LINES).catch(() => ''));
  say(`${name}: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
