#!/usr/bin/env node
// `make bench` and `make bench-planted`: builds what is measured, then measures it in a network of its own, where every port is free.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';

import { buildFrontend } from '../dev/environment/frontend-bundle.mjs';
import { CommandFailed, runCommand, tailOf } from '../dev/setup/command.mjs';
import { NEEDS } from '../dev/setup/needs.mjs';
import { canHaveOwnNetwork } from '../dev/setup/own-network.mjs';
import { inRepository } from '../dev/setup/repository.mjs';
import { setUp } from '../dev/setup/setup.mjs';
import { say, step, StepFailed } from '../dev/setup/steps.mjs';
import { earlierBinary } from './measuring/earlier-binary.mjs';
import { keptTo, LOAD } from './measuring/processors.mjs';
import { measureImages } from './peers/images.mjs';
import { buildPlanted } from './planting/planting.mjs';
import { MILLION } from './rows/users.mjs';

const LOG = inRepository('target/bench-setup.log');

const withSleep = process.argv[2] === 'planted';
const name = withSleep ? 'bench-planted' : 'bench';

/**
 * Runs a command in a network of its own, and among processes of its own: what it has started ends with it, however it ends.
 *
 * @param {string[]} line
 * @returns {Promise<number>} its exit code
 */
async function inNamespaces(line) {
  const namespaces = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const child = spawn('unshare', [...namespaces, 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...line], { stdio: 'inherit' });
  // Ctrl-C reaches the command too; another signal only this process, and unshare waits through it.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGKILL'));
  const [code] = await once(child, 'exit');
  return code ?? 1;
}

/** @param {string} rows as ROWS has them; the rows themselves want npm packages that the setup installs first @returns {boolean} */
function isWanted(rows) {
  return !withSleep && (process.env['ROWS'] || rows).split(',').includes(rows);
}

try {
  if (!canHaveOwnNetwork()) {
    throw new Error('it takes root, for a network of its own: run it as root');
  }
  // Before minutes of building: it refuses two.
  earlierBinary();
  await mkdir(inRepository('target'), { recursive: true });
  await step('setup', () => setUp(NEEDS.bench, LOG));
  if (withSleep) {
    await step('planted', () => buildPlanted(LOG));
  }
  await step('build', () => runCommand({ line: ['cargo', 'build', '--release', '--locked', '--bins', '--examples'], log: LOG }));
  if (isWanted('start')) {
    await step('images', measureImages);
  }
  if (isWanted('users')) {
    await step('build users', () => runCommand({ line: [...MILLION, '--no-run'], log: LOG }));
  }
  if (isWanted('tab')) {
    await step('frontend', () => buildFrontend({ log: LOG }));
  }
  // Node and all that it starts keep off the server's processor, but for the server.
  process.exitCode = await inNamespaces(keptTo(LOAD, [process.execPath, inRepository(withSleep ? 'bench/measure-planted.mjs' : 'bench/measure.mjs')]));
} catch (error) {
  if (error instanceof StepFailed || error instanceof CommandFailed) {
    say(await tailOf(LOG, 20));
  }
  say(`${name}: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
