#!/usr/bin/env node
// `make image`: builds the image and runs it, alone and among the services of compose.yaml; a browser logs in through it both times.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { CommandFailed, runCommand, tailOf } from '../setup/command.mjs';
import { NEEDS } from '../setup/needs.mjs';
import { inRepository } from '../setup/repository.mjs';
import { setUp } from '../setup/setup.mjs';
import { say, step, StepFailed } from '../setup/steps.mjs';
import { MissingProgram } from '../setup/system-packages.mjs';
import { provideBaseImages } from './base-images.mjs';
import { buildServices, SERVERS_IMAGE } from './compose.mjs';
import { IMAGE, inspectImage } from './inspection.mjs';
import { build, configurePodman, SETUP_LOG } from './podman.mjs';
import { whyNoImage } from './prerequisites.mjs';

/** The program beside a test has its crates built with the features that `make test` needs, so that none is built twice. */
const TARGETS = ['--bin', 'backstage-oidc-helper', '--test', 'secrets_in_output'];

const LOGINS = fileURLToPath(new URL('logins.mjs', import.meta.url));

async function prepare() {
  const whyNot = whyNoImage();
  if (whyNot !== undefined) {
    throw new MissingProgram(whyNot);
  }
  await step('setup', async () => {
    await setUp(NEEDS.image, SETUP_LOG);
    await configurePodman();
    await provideBaseImages();
  });
  await step('program', () => runCommand({ line: ['nice', 'cargo', 'build', '--locked', ...TARGETS], log: SETUP_LOG }));
  await step('image', async () => {
    const dockerfile = inRepository('Dockerfile');
    // A stage with a name is kept for the next time.
    await build(`${IMAGE}-build`, dockerfile, ['--target=build']);
    await build(IMAGE, dockerfile);
    await build(SERVERS_IMAGE, inRepository('dev/Dockerfile'));
  });
  await step('compose', buildServices);
}

/** In a network of their own, where the published ports are free. */
async function logIn() {
  const inOwnNetwork = ['--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', process.execPath, LOGINS];
  const child = spawn('unshare', inOwnNetwork, { stdio: 'inherit' });
  // Ctrl-C reaches the child too; it is waited for, so that it can stop what it started.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  const [code] = await once(child, 'exit');
  if (code !== 0) {
    throw new Error('a login through it failed, as said above; logs are in target/image and target/demo');
  }
}

try {
  await prepare();
  const size = await inspectImage();
  await logIn();
  say(`image: ok (${size} MB, logged in through its published port and among the services of compose.yaml)`);
} catch (error) {
  if (error instanceof StepFailed || error instanceof CommandFailed) {
    say(await tailOf(SETUP_LOG, 20).catch(() => ''));
  }
  say(`image: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
