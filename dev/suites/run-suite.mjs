import { readFile, rm } from 'node:fs/promises';
import { relative } from 'node:path';

import { CommandFailed, runCommand } from '../setup/command.mjs';
import { inRepository, REPOSITORY } from '../setup/repository.mjs';
import { duration, say } from '../setup/steps.mjs';
import { excerpt } from './failures.mjs';

/** @typedef {import('./suites.mjs').Suite} Suite */

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 */

/**
 * @typedef {object} Result
 * @property {Suite} suite
 * @property {Counts} counts
 * @property {string} log
 * @property {boolean} ok
 */

const NO_TESTS = { passed: 0, failed: 0, skipped: 0 };

/** How each runner reports what it counted, on one line or on several. */
const PATTERNS = {
  cargo: { passed: /^test result: .* (\d+) passed/gm, failed: /^test result: .* (\d+) failed/gm, skipped: /^test result: .* (\d+) ignored/gm },
  jest: { passed: /^Tests: .*?(\d+) passed/gm, failed: /^Tests: .*?(\d+) failed/gm, skipped: /^Tests: .*?(\d+) skipped/gm },
  node: { passed: /^[#ℹ] pass (\d+)$/gm, failed: /^[#ℹ] (?:fail|cancelled) (\d+)$/gm, skipped: /^[#ℹ] (?:skipped|todo) (\d+)$/gm },
};

/**
 * Runs a suite and reports it in one line, with its failed tests below it.
 *
 * @param {Suite} suite
 * @returns {Promise<Result>}
 */
export async function runSuite(suite) {
  const ending = suite.output === 'searched' ? 'log' : 'dev.log';
  const log = inRepository('target/test-output/suites', `${suite.name.replaceAll(' ', '-')}.${ending}`);
  // Or the tests of an earlier run would count once more.
  await rm(log, { force: true });
  const began = performance.now();
  const ended = await runCommand({ ...suite, log }).then(() => true, asFailure);
  const counts = suite.counts ? countedBy(suite.counts, await readFile(log, 'utf8')) : NO_TESTS;
  // A suite in which no test ran has failed.
  const ok = ended && counts.failed === 0 && (!suite.counts || counts.passed > 0);
  const figures = suite.counts ? `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped` : '';
  const line = `${ok ? '✓' : '✗'} ${suite.name.padEnd(16)} ${duration(performance.now() - began).padStart(8)}  ${figures}`.trimEnd();
  say(ok ? line : `${line}\n${await failureOf(suite, log)}`);
  return { suite, counts, log, ok };
}

/**
 * @param {Suite} suite
 * @param {string} log
 */
async function failureOf(suite, log) {
  const output = await readFile(log, 'utf8');
  return `--- ${suite.name}: the whole of it is in ${relative(REPOSITORY, log)}\n${excerpt(suite.counts ?? '', output)}\n---`;
}

/**
 * @param {Suite[]} suites one after the other; a failure does not stop the rest
 * @returns {Promise<Result[]>}
 */
export async function runInTurn(suites) {
  const results = [];
  for (const suite of suites) {
    results.push(await runSuite(suite));
  }
  return results;
}

/** @param {unknown} error */
function asFailure(error) {
  if (error instanceof CommandFailed) {
    return false;
  }
  throw error;
}

/**
 * @param {keyof typeof PATTERNS} runner
 * @param {string} text
 * @returns {Counts}
 */
function countedBy(runner, text) {
  const sum = (/** @type {RegExp} */ pattern) => [...text.matchAll(pattern)].reduce((all, [, number]) => all + Number(number), 0);
  const { passed, failed, skipped } = PATTERNS[runner];
  return { passed: sum(passed), failed: sum(failed), skipped: sum(skipped) };
}
