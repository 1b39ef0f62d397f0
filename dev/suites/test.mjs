#!/usr/bin/env node
// `make test`, `make test-all`, `make lint`, `make packed`, `make program`: test.mjs TARGET runs its suites. All but lint install what is missing.
import { rm } from 'node:fs/promises';

import { whyNoContainers, whyNoImage } from '../image/prerequisites.mjs';
import { runCommand, tailOf } from '../setup/command.mjs';
import { NEEDS, together } from '../setup/needs.mjs';
import { inRepository } from '../setup/repository.mjs';
import { missing, setUp, setUpPackages, setUpSystem } from '../setup/setup.mjs';
import { duration, say, step } from '../setup/steps.mjs';
import { MissingProgram } from '../setup/system-packages.mjs';
import { runInTurn, runSuite } from './run-suite.mjs';
import { sideBySide } from './side-by-side.mjs';
import {
  ALL_TESTS, CHART_CONTAINER, EXTENSION_LINTS, IMAGE, IMAGE_QUICK, LINTS, LONG_TESTS, LONG_TESTS_ALONE, OTHER_SYSTEMS, PACKED, PLUGIN_LINTS, PROGRAM, RARE_NIGHTS, SECRETS, TESTS,
} from './suites.mjs';

/** @typedef {import('./run-suite.mjs').Result} Result */

const SETUP_LOG = inRepository('target/setup.log');

/** How many lines of the log are shown when setup or build fails. */
const TAIL_LINES = 60;

const NOT_CHECKED = '  advisories: not checked (no database here)';

/** How many suites run at a time. */
const AT_A_TIME = 2;

/** What the suites run; the long ones build their own, optimized. */
const TEST_BINARIES = ['program', 'simulation', 'house', 'secrets_in_output'].flatMap((name) => ['--test', name]);
const BUILD = ['cargo', 'test', '--locked', '--no-run', '--lib', '--bins', ...TEST_BINARIES];

/** @returns {Promise<Result[]>} */
async function lint() {
  const absent = await missing(NEEDS.lint, SETUP_LOG);
  if (absent.length > 0) {
    throw new MissingProgram(`not installed here: ${absent.join(', ')}; make setup installs them`);
  }
  const results = await runInTurn([...LINTS, ...PLUGIN_LINTS, ...EXTENSION_LINTS, ...OTHER_SYSTEMS]);
  say(NOT_CHECKED);
  return results;
}

/** @returns {Promise<Result[]>} */
async function test() {
  const image = runnable(IMAGE_QUICK, whyNoContainers);
  await prepare(together([NEEDS.test, ...image.map(({ name }) => NEEDS[name])]));
  say('  image, packed, stock-app, release, windows, macos, storm: not run (minutes each: make test-all)');
  say(`  ${RARE_NIGHTS.join(', ')}: not run (rare nights, a minute or more each: make program)`);
  say('  the chart before a real API server, and its container: not run (make chart-real, make chart-container, make test-all)');
  say('  helm, and kubectl straight to the cluster and before a real API server: not run (make kubectl, make test-all)');
  say('  the terminal, the dark and the small pages: not run, and two users see each other less often (minutes: make backstage-test)');
  return [...(await everyChange([...TESTS, ...image])), await runSuite(SECRETS)];
}

/** @returns {Promise<Result[]>} */
async function testAll() {
  const image = [...runnable(IMAGE_QUICK, whyNoContainers), ...runnable(CHART_CONTAINER, whyNoContainers), ...runnable(IMAGE, whyNoImage)];
  await prepare(together([NEEDS['test-all'], ...image.map(({ name }) => NEEDS[name])]));
  const results = await everyChange(ALL_TESTS);
  const alone = await runInTurn(LONG_TESTS_ALONE);
  const long = await sideBySide([...image, ...LONG_TESTS, ...OTHER_SYSTEMS], AT_A_TIME, runSuite);
  return [...results, ...alone, ...long, await runSuite(SECRETS)];
}

/** @param {import('./suites.mjs').Suite[]} tests the checks of the text are run beside them */
async function everyChange(tests) {
  await rm(inRepository('target/test-output'), { recursive: true, force: true });
  const results = await sideBySide([...tests, ...LINTS, ...PLUGIN_LINTS, ...EXTENSION_LINTS], AT_A_TIME, runSuite);
  say(NOT_CHECKED);
  return results;
}

/**
 * @template {import('./suites.mjs').Suite} T
 * @param {T} suite
 * @param {() => string | undefined} whyNot why this machine cannot run it
 * @returns {T[]} the suite, or nothing
 */
function runnable(suite, whyNot) {
  const reason = whyNot();
  if (reason !== undefined) {
    say(`  ${suite.name}: not run (${reason})`);
  }
  return reason === undefined ? [suite] : [];
}

/** @param {import('../setup/needs.mjs').Needs} needs */
async function prepare(needs) {
  await step('setup', () => setUpSystem(needs, SETUP_LOG));
  // The first mostly waits for the network, the second computes.
  await both(
    step('packages', () => setUpPackages(needs, SETUP_LOG)),
    step('build', () => runCommand({ line: BUILD, log: SETUP_LOG })),
  );
}

/**
 * Waits for both even when one fails, so that nothing still runs after the last line.
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
    // A failed check counts no tests, and is a failure nevertheless.
    say(`${sum('passed')} passed, ${Math.max(sum('failed'), failed.length)} failed`);
  }
  say(failed.length === 0
    ? `${name}: ok (${results.length} suites, ${sum('passed')} tests, ${seconds})`
    : `${name}: failed (${failed.join(', ')})`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

/** @returns {Promise<Result[]>} */
async function program() {
  await step('setup', () => setUp(NEEDS.program, SETUP_LOG));
  return [await runSuite(PROGRAM)];
}

/** @returns {Promise<Result[]>} */
async function packed() {
  await step('setup', () => setUp(NEEDS.packed, SETUP_LOG));
  return [await runSuite(PACKED)];
}

/** @type {Record<string, () => Promise<Result[]>>} */
const TARGETS = { test, 'test-all': testAll, lint, packed, program };

const name = process.argv[2] ?? 'test';
const run = TARGETS[name];
if (run === undefined) {
  throw new Error(`There is no target ${name}; name one of ${Object.keys(TARGETS).join(', ')}.`);
}
try {
  await report(name, run);
} catch (error) {
  if (!(error instanceof MissingProgram)) {
    say(await tailOf(SETUP_LOG, TAIL_LINES).catch(() => ''));
  }
  say(`${name}: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
