#!/usr/bin/env node
// `make setup`: installs what the other targets need, so that none of them has to; see --help.
import { parseArgs } from 'node:util';

import { CommandFailed, tailOf } from './command.mjs';
import { allNeeds, NEEDS, ofMachine, together } from './needs.mjs';
import { inRepository } from './repository.mjs';
import { setUp } from './setup.mjs';
import { duration, say } from './steps.mjs';

const USAGE = `Installs what is missing, with apt, rustup, pip and npm.

  node dev/setup/run.mjs [--machine] [TARGET…]

  TARGET     only what these targets of the Makefile need: ${Object.keys(NEEDS).join(', ')}
  --machine  only what is kept outside of the checkout, as an image of a development machine has it
  --help
`;

const LOG = inRepository('target/setup.log');

/** @param {string} target */
function needsOf(target) {
  const [, needs] = Object.entries(NEEDS).find(([name]) => name === target) ?? [];
  if (needs === undefined) {
    throw new Error(`there is no target ${target}: name one of ${Object.keys(NEEDS).join(', ')}`);
  }
  return needs;
}

const options = /** @type {const} */ ({ machine: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } });
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const began = performance.now();
try {
  if (values.help) {
    process.stdout.write(USAGE);
  } else {
    const needs = positionals.length > 0 ? together(positionals.map(needsOf)) : allNeeds();
    const installed = await setUp(values.machine ? ofMachine(needs) : needs, LOG);
    const what = installed.length === 0 ? 'nothing was missing' : `installed ${installed.join(', ')}`;
    say(`setup: ok (${what}; ${duration(performance.now() - began)})`);
  }
} catch (error) {
  if (error instanceof CommandFailed) {
    say(await tailOf(LOG, 20));
  }
  say(`setup: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
