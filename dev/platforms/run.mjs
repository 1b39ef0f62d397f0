#!/usr/bin/env node
// What `make platforms` has built, tried in a network of its own; run by platforms.mjs.
import { inRepository } from '../setup/repository.mjs';
import { duration, say } from '../setup/steps.mjs';
import { LOGS } from './logs.mjs';
import { runInBackstage } from './webkit-in-backstage.mjs';
import { runInWebKit } from './webkit.mjs';
import { runOnWindows } from './windows.mjs';

// Backstage looks for a package.json from here upwards.
process.chdir(inRepository('dev/backstage'));
const began = performance.now();
try {
  const figures = [await runOnWindows(LOGS), await runInWebKit(LOGS), await runInBackstage(LOGS)];
  say(`platforms: ok (${[...figures, duration(performance.now() - began)].join('; ')})`);
  process.exit(0);
} catch (error) {
  say(`platforms: failed (${error instanceof Error ? error.message : error}; logs are in ${LOGS})`);
  process.exit(1);
}
