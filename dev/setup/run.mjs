#!/usr/bin/env node
// `make setup`: installs what the other targets need, so that none of them has to.
import { CommandFailed, tailOf } from './command.mjs';
import { allNeeds } from './needs.mjs';
import { inRepository } from './repository.mjs';
import { setUp } from './setup.mjs';
import { duration, say } from './steps.mjs';

const LOG = inRepository('target/setup.log');

const began = performance.now();
try {
  const installed = await setUp(allNeeds(), LOG);
  const what = installed.length === 0 ? 'nothing was missing' : `installed ${installed.join(', ')}`;
  say(`setup: ok (${what}; ${duration(performance.now() - began)})`);
} catch (error) {
  if (error instanceof CommandFailed) {
    say(await tailOf(LOG, 20));
  }
  say(`setup: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
