import { readFile, rm } from 'node:fs/promises';

import { CommandFailed, runCommand, tailOf } from '../setup/command.mjs';
import { canHaveOwnNetwork, inOwnNetwork } from '../setup/own-network.mjs';
import { inRepository } from '../setup/repository.mjs';
import { duration, say, StepFailed } from '../setup/steps.mjs';

/**
 * Runs the suite.mjs of a folder in a network of its own, and says how it went: the last line is `NAME: ok (…)` or why it is not.
 *
 * @param {object} tests
 * @param {string} tests.name
 * @param {string} tests.folder in the checkout
 * @param {(log: string) => Promise<void>} tests.prepare installs and builds what the tests need
 */
export async function runBrowserTests({ name, folder, prepare }) {
  const began = performance.now();
  const setupLog = inRepository(`target/${name.replace('-test', '')}-setup.log`);
  const log = inRepository(`target/${name}.log`);
  let shown = setupLog;
  try {
    await prepare(setupLog);
    shown = log;
    await rm(log, { force: true });
    await runCommand({ line: testLine(), folder: inRepository(folder), log });
    const output = await readFile(log, 'utf8');
    const passed = count(output, 'pass');
    if (passed === 0 || count(output, 'skipped') + count(output, 'todo') > 0) {
      throw new Error(`${passed} tests ran, some were left out: see target/${name}.log`);
    }
    say(output.trimEnd());
    say(`${name}: ok (${passed} tests, ${duration(performance.now() - began)})`);
  } catch (error) {
    if (error instanceof StepFailed || error instanceof CommandFailed) {
      say(await tailOf(shown, 80));
    }
    say(`${name}: failed (${error instanceof Error ? error.message : error})`);
    process.exitCode = 1;
  }
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
