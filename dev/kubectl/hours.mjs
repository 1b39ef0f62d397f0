#!/usr/bin/env node
// Eight hours of three loops of kubectl and a k9s at one Backstage, on a moved clock. kubectl.mjs has built what this runs.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { movedProgram } from '../setup/moved-programs.mjs';
import { duration, say, step } from '../setup/steps.mjs';
import { LOGS } from './logs.mjs';
import { MovedClock } from './moved-clock.mjs';
import { browserOf } from './person.mjs';
import { Stage } from './stage.mjs';

const LOOPS = 3;

/** Between two calls of a loop. */
const STEP_MINUTES = 10;
const STEPS = 8 * 60 / STEP_MINUTES;

/** A sign-in ends after five hours. */
const BACKSTAGE = fileURLToPath(new URL('backstage-hours.yaml', import.meta.url));

/** A loop in a terminal; each line that is typed lets it go on. */
const LOOP = 'while read -r _; do "$0" get configmaps --output name; echo "ended with $?"; done';

/** Both programs have the terminal's colours and movements between the words. */
const DESCRIBED = /Describe.*web-0/s;

/** @typedef {import('./person.mjs').Person} Person */
/** @typedef {import('../demo/program.mjs').Program} Program */

/** @param {Person} felix */
function startK9s(felix) {
  const arguments_ = ['--namespace', 'team-a', '--command', 'pods', '--logoless', '--splashless'];
  return felix.with({ TERM: 'xterm-256color' }).terminal(movedProgram('k9s'), ...arguments_);
}

/** @param {import('./running.mjs').Running} loop */
async function callOfLoop(loop) {
  loop.write(`${JSON.stringify('\n')}\n`);
  const [, printed, code] = await loop.prints(/(.*?)ended with (\d+)/s);
  assert.equal(code, '0', `kubectl ended with ${code}: ${printed}`);
}

/**
 * Reads a pod anew, and goes back to the list.
 *
 * @param {import('./running.mjs').Running} k9s
 */
async function callOfK9s(k9s) {
  k9s.write(`${JSON.stringify('d')}\n`);
  await k9s.prints(DESCRIBED);
  k9s.write(`${JSON.stringify('\u001b')}\n`);
  await k9s.prints(/web-1/);
}

/**
 * @param {Person} felix
 * @param {MovedClock} clock
 */
async function eightHours(felix, clock) {
  const loops = Array.from({ length: LOOPS }, () => felix.terminal('sh', '-c', LOOP, movedProgram('kubectl')));
  const k9s = startK9s(felix);
  try {
    await k9s.prints(/web-1/);
    for (let at = 0; at < STEPS; at += 1) {
      await Promise.all([...loops.map(callOfLoop), callOfK9s(k9s)]);
      await clock.pass(STEP_MINUTES * 60);
    }
  } finally {
    await Promise.all([...loops, k9s].map((running) => running.stop()));
  }
}

/**
 * @param {Program} program
 * @param {RegExp} pattern
 */
const linesOf = (program, pattern) => program.lines.filter((line) => pattern.test(line)).length;

/**
 * @param {Stage} stage
 * @param {MovedClock} clock
 * @returns {Promise<string>} the figures
 */
async function run(stage, clock) {
  await step('start', () => stage.start());
  const { felix, backend } = await step('login', () => stage.signedIn(clock.variables));
  const tabs = join(felix.home, 'tabs');
  await step('eight hours', () => eightHours(felix.with({ BROWSER: browserOf('felix', `--tabs '${tabs}'`) }), clock));
  assert.deepEqual((await readFile(tabs, 'utf8')).split('\n'), ['http://localhost:18000', ''], 'one tab, for all of them');
  const refreshes = linesOf(stage.backstage, /POST \/api\/auth\/v1\/token/);
  assert.ok(refreshes >= 8 && refreshes <= 13, `one an hour for all of them, not ${refreshes}`);
  const reads = linesOf(backend, /"message":"kubernetes".*"name":"web-0".*"status":200/);
  assert.ok(reads >= STEPS, `k9s has read the pod ${reads} times`);
  assert.equal(linesOf(backend, /"message":"kubernetes".*"status":4/), 0, 'no call comes too late with its token');
  return `${STEPS} calls each of ${LOOPS} loops of kubectl and of k9s; one tab, ${refreshes} calls for tokens`;
}

const began = performance.now();
const clock = await MovedClock.start();
// For all that is started from here on.
Object.assign(process.env, clock.variables);
const stage = new Stage({ idp: ['--access-ttl', '3600', '--id-ttl', '3600'], backstage: ['--oauth-client', '--config', BACKSTAGE] });
const outcome = await run(stage, clock).then(
  (figures) => `ok (${figures}; ${duration(performance.now() - began)})`,
  (error) => `failed (${error instanceof Error ? error.message : error}; logs are in ${LOGS})`,
);
await stage.stop();
await clock.stop();
say(`kubectl-hours: ${outcome}`);
process.exit(outcome.startsWith('ok') ? 0 : 1);
