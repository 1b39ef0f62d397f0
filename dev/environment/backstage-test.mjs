#!/usr/bin/env node
// `make backstage-test`: the browser tests of backstage/browser-tests, in a network of their own.
import { readFile, rm } from 'node:fs/promises';

import { CommandFailed, runCommand, tailOf } from '../setup/command.mjs';
import { NEEDS } from '../setup/needs.mjs';
import { canHaveOwnNetwork, inOwnNetwork } from '../setup/own-network.mjs';
import { inRepository } from '../setup/repository.mjs';
import { duration, say, StepFailed } from '../setup/steps.mjs';
import { prepare } from './prepare.mjs';

const SETUP_LOG = inRepository('target/backstage-setup.log');
const LOG = inRepository('target/backstage-test.log');
const TESTS = ['--test-reporter=spec', 'suite.mjs'];

/** @returns {string[]} the command that runs the tests; a user who is not root gets a network in a user namespace */
function testLine() {
  const tests = inOwnNetwork([process.execPath, ...TESTS]);
  return canHaveOwnNetwork() ? tests : ['unshare', '--map-root-user', ...tests.slice(1)];
}

/**
 * @param {string} output
 * @param {string} what
 */
function count(output, what) {
  return Number(new RegExp(`^ℹ ${what} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
}

const began = performance.now();
let shown = SETUP_LOG;
try {
  await prepare({ log: SETUP_LOG, needs: NEEDS['backstage-test'] });
  shown = LOG;
  await rm(LOG, { force: true });
  await runCommand({ line: testLine(), folder: inRepository('backstage/browser-tests'), log: LOG });
  const output = await readFile(LOG, 'utf8');
  const passed = count(output, 'pass');
  if (passed === 0 || count(output, 'skipped') + count(output, 'todo') > 0) {
    throw new Error(`${passed} tests ran, some were left out: see target/backstage-test.log`);
  }
  say(output.trimEnd());
  say(`backstage-test: ok (${passed} tests, ${duration(performance.now() - began)})`);
} catch (error) {
  if (error instanceof StepFailed || error instanceof CommandFailed) {
    say(await tailOf(shown, 80));
  }
  say(`backstage-test: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
