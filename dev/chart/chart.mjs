#!/usr/bin/env node
// `make chart`: all that can be known of charts/backstage-oidc-helper without a cluster. With `real`, `make chart-real`: a real API server takes it. With
// `container`, `make chart-container`: its container is started, and logs in.
import { fileURLToPath } from 'node:url';

import { whyNoContainers } from '../image/prerequisites.mjs';
import { CommandFailed, tailOf } from '../setup/command.mjs';
import { NEEDS } from '../setup/needs.mjs';
import { inOwnNetwork, runInForeground } from '../setup/own-network.mjs';
import { buildProgram } from '../setup/program.mjs';
import { inRepository } from '../setup/repository.mjs';
import { setUp } from '../setup/setup.mjs';
import { say, step, StepFailed } from '../setup/steps.mjs';
import { AS_ROOT } from '../suites/suites.mjs';

const LOG = inRepository('target/chart-setup.log');

/** What each target runs, and whether its ports have to be free. */
const TARGETS = /** @type {const} */ ({
  chart: { file: 'run.mjs', whyNot: () => undefined, network: (/** @type {string[]} */ line) => line },
  'chart-container': { file: 'container.mjs', whyNot: whyNoContainers, network: inOwnNetwork },
  'chart-real': { file: 'real.mjs', whyNot: () => undefined, network: (/** @type {string[]} */ line) => [...AS_ROOT, ...inOwnNetwork(line)] },
});

const what = process.argv[2];
const target = what === 'real' ? 'chart-real' : what === 'container' ? 'chart-container' : 'chart';

try {
  const { file, whyNot, network } = TARGETS[target];
  const reason = whyNot();
  if (reason !== undefined) {
    throw new Error(reason);
  }
  await step('setup', () => setUp(NEEDS[target], LOG));
  await step('program', () => buildProgram({ log: LOG }));
  // Its npm packages are there only now.
  process.exitCode = await runInForeground(network([process.execPath, fileURLToPath(new URL(file, import.meta.url))]));
} catch (error) {
  if (error instanceof StepFailed || error instanceof CommandFailed) {
    say(await tailOf(LOG, 20).catch(() => ''));
  }
  say(`${target}: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
