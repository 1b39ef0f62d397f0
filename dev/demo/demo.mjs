#!/usr/bin/env node
// `make demo`: needs nothing but Node and Rust; installs and builds the rest, then runs the login beside this file.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { LoopbackServer } from '../idp/loopback.mjs';
import { CommandFailed, runCommand, tailOf } from '../setup/command.mjs';
import { installNodePackages } from '../setup/node-packages.mjs';
import { inRepository } from '../setup/repository.mjs';
import { findRust } from '../setup/rust.mjs';
import { say, step, StepFailed } from '../setup/steps.mjs';
import { installSystemPackages } from '../setup/system-packages.mjs';

const LOG = inRepository('target/demo/setup.log');
const LOGIN = fileURLToPath(new URL('login.mjs', import.meta.url));

/** The port of the only redirect URI that the identity provider knows. */
const CALLBACK_PORT = 8000;

/** How often a build that takes long says that it goes on. */
const REMINDER_MS = 20_000;

/**
 * @param {boolean} headless
 * @param {boolean} ownNetwork
 */
async function prepare(headless, ownNetwork) {
  say('A login on real parts, all on this machine and all stopped at the end: an identity provider, a cluster, backend, helper.');
  findRust();
  if (!ownNetwork) {
    await checkPort();
  }
  await installSystemPackages(headless ? ['cc', 'chromium', 'ip'] : ['cc'], { log: LOG, say });
  await installNodePackages(inRepository('dev'), {
    log: LOG,
    say: () => say('Installing the npm packages of the development servers (a few seconds, once).'),
  });
  say('Building the program: two to four minutes on two cores the first time, then a second.');
  await step('build', build);
}

async function build() {
  const before = await compiled();
  const reminder = setInterval(async () => say(`  still building, ${(await compiled()) - before} crates so far`), REMINDER_MS);
  // A test beside the program has the crates built with the features that `make test` needs, so that it builds none twice.
  const targets = ['--bin', 'backstage-oidc-helper', '--test', 'secrets_in_output'];
  try {
    await runCommand({ line: ['cargo', 'build', '--locked', ...targets], log: LOG });
  } finally {
    clearInterval(reminder);
  }
}

/** @returns {Promise<number>} how many crates the log tells of */
async function compiled() {
  const text = await readFile(LOG, 'utf8').catch(() => '');
  return text.match(/^ +Compiling /gm)?.length ?? 0;
}

/** The helper would find out too, and name the program, but only after the build. */
async function checkPort() {
  try {
    (await LoopbackServer.listen(CALLBACK_PORT)).close();
  } catch (cause) {
    throw new Error(
      `another program has port ${CALLBACK_PORT}, and the identity provider knows no other: stop it, then run this again (ss -ltnp names it)`,
      { cause },
    );
  }
}

/** @returns {boolean} whether processes can be given a network of their own, in which port 8000 is always free */
function canHaveOwnNetwork() {
  return process.getuid?.() === 0 && spawnSync('unshare', ['--net', 'true']).status === 0;
}

/**
 * @param {boolean} headless
 * @param {boolean} ownNetwork
 * @returns {Promise<number>} the exit code
 */
async function logIn(headless, ownNetwork) {
  const login = [process.execPath, LOGIN, ...(headless ? ['--headless'] : [])];
  const inOwnNetwork = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...login];
  const [program = '', ...args] = ownNetwork ? inOwnNetwork : login;
  const child = spawn(program, args, { stdio: 'inherit' });
  // Ctrl-C reaches the child too; it is waited for, so that it can stop what it started.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  const [code] = await once(child, 'exit');
  return code ?? 1;
}

const headless = parseArgs({ options: { headless: { type: 'boolean', default: false } } }).values.headless;
const ownNetwork = headless && canHaveOwnNetwork();
try {
  await prepare(headless, ownNetwork);
  process.exitCode = await logIn(headless, ownNetwork);
} catch (error) {
  if (error instanceof StepFailed || error instanceof CommandFailed) {
    say(await tailOf(LOG, 20));
  }
  say(`demo: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
