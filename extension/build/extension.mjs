#!/usr/bin/env node
// `make extension`: the extension for each browser, unpacked and as an archive, in target/extension/.
import { CommandFailed, tailOf } from '../../dev/setup/command.mjs';
import { NEEDS } from '../../dev/setup/needs.mjs';
import { inRepository } from '../../dev/setup/repository.mjs';
import { setUp } from '../../dev/setup/setup.mjs';
import { duration, say, step, StepFailed } from '../../dev/setup/steps.mjs';

const LOG = inRepository('target/extension.log');

/** @returns {Promise<string>} figures */
async function make() {
  await step('setup', () => setUp(NEEDS.extension, LOG));
  // Only now: they import packages.
  const { makeArchives } = await import('./archives.mjs');
  const { readVersion } = await import('./version.mjs');
  const archives = await step('archives', async () => makeArchives(await readVersion()));
  return archives.map(({ name, bytes }) => `${name} ${(bytes / 1000).toFixed(0)} kB`).join(', ');
}

const began = performance.now();
try {
  say(`extension: ok (${await make()}; ${duration(performance.now() - began)})`);
} catch (error) {
  if (error instanceof StepFailed || error instanceof CommandFailed) {
    say(await tailOf(LOG, 20).catch(() => ''));
  }
  say(`extension: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
