import { readFile, rm } from 'node:fs/promises';

import { CommandFailed, runCommand, tailOf } from '../setup/command.mjs';
import { canHaveOwnNetwork, inOwnNetwork } from '../setup/own-network.mjs';
import { inRepository } from '../setup/repository.mjs';
import { duration, say, StepFailed } from '../setup/steps.mjs';

/**
 * One run of a suite.mjs.
 *
 * @typedef {object} Run
 * @property {string} log
 * @property {Record<string, string>} [variables] on top of this process's own
 */

/**
 * Runs the suite.mjs of a folder in a network of its own, and says how it went: the last line is `NAME: ok (…)` or why it is not.
 *
 * @param {object} tests
 * @param {string} tests.name
 * @param {string} tests.folder in the checkout
 * @param {(log: string) => Promise<void>} tests.prepare installs and builds what the tests need
 * @param {Run[]} [tests.runs] side by side, each in a network of its own; one unless said
 */
export async function runBrowserTests({ name, folder, prepare, runs = [{ log: `target/${name}.log` }] }) {
  const began = performance.now();
  const setupLog = inRepository(`target/${name.replace('-test', '')}-setup.log`);
  try {
    await showing(setupLog, () => prepare(setupLog));
    const ended = await Promise.allSettled(runs.map((run) => runTests(inRepository(folder), run)));
    const passed = ended.reduce((sum, end) => sum + resultOf(end), 0);
    say(`${name}: ok (${passed} tests, ${duration(performance.now() - began)})`);
  } catch (error) {
    say(`${name}: failed (${error instanceof Error ? error.message : error})`);
    process.exitCode = 1;
  }
}

/**
 * @param {string} folder
 * @param {Run} run
 * @returns {Promise<number>} how many tests passed
 * @throws when one failed, or was left out
 */
async function runTests(folder, { log, variables }) {
  const path = inRepository(log);
  await rm(path, { force: true });
  await showing(path, () => runCommand({ line: testLine(), folder, variables, log: path }));
  const output = await readFile(path, 'utf8');
  const passed = count(output, 'pass');
  if (passed === 0 || count(output, 'skipped') + count(output, 'todo') > 0) {
    throw new Error(`${passed} tests ran, some were left out: see ${log}`);
  }
  say(output.trimEnd());
  return passed;
}

/**
 * @param {string} log its end is shown when the work that writes it fails
 * @param {() => Promise<void>} work
 */
async function showing(log, work) {
  try {
    await work();
  } catch (error) {
    if (error instanceof StepFailed || error instanceof CommandFailed) {
      say(await tailOf(log, 80));
    }
    throw error;
  }
}

/**
 * @template T
 * @param {PromiseSettledResult<T>} end
 * @returns {T}
 * @throws what it was rejected with
 */
function resultOf(end) {
  if (end.status === 'rejected') {
    throw end.reason;
  }
  return end.value;
}

/** @returns {string[]} the command that runs the tests; a user who is not root gets a network in a user namespace */
function testLine() {
  const tests = inOwnNetwork([process.execPath, '--test-reporter=spec', 'suite.mjs']);
  return canHaveOwnNetwork() ? tests : ['unshare', '--map-root-user', ...tests.slice(1)];
}

/**
 * @param {string} output
 * @param {string} what
 */
function count(output, what) {
  return Number(new RegExp(`^ℹ ${what} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
}
