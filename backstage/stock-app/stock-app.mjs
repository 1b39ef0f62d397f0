#!/usr/bin/env node
// `make stock-app`: the app that Backstage's create-app makes, with docs/backstage.md done to it word by word: checked, built, and used.
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { whyNoContainers } from '../../dev/image/prerequisites.mjs';
import { CommandFailed, runCommand, tailOf } from '../../dev/setup/command.mjs';
import { NEEDS } from '../../dev/setup/needs.mjs';
import { canHaveOwnNetwork, inOwnNetwork } from '../../dev/setup/own-network.mjs';
import { buildProgram } from '../../dev/setup/program.mjs';
import { inRepository } from '../../dev/setup/repository.mjs';
import { setUp } from '../../dev/setup/setup.mjs';
import { duration, say, step, StepFailed } from '../../dev/setup/steps.mjs';
import { packAll } from '../packing/pack.mjs';
import { apply, stepsIn } from './document.mjs';
import { buildImage, contentOfImage, removeImage } from './image.mjs';
import { APPS, inShell, LOG, stockApp } from './template.mjs';

/** @typedef {import('./document.mjs').Step} Step */

const DOCUMENT = inRepository('docs/backstage.md');
const INSTALL = '## Install';
const LEGACY_APP = APPS[1];
const LEGACY = '### In the legacy frontend system';

/** The second is what the image runs with; the database's address comes from where it runs. */
const CONFIG_CHECKS = [
  'yarn backstage-cli config:check --strict',
  'yarn backstage-cli config:check --strict --lax --config app-config.yaml --config app-config.production.yaml',
].join('\n');

/** @param {string} app gets the tarballs, where the document says */
async function pack(app) {
  await runCommand({ line: ['npx', 'tsc', '-p', '.'], folder: inRepository('backstage'), log: LOG });
  const packed = join(app, 'packed');
  await rm(packed, { recursive: true, force: true });
  await mkdir(packed, { recursive: true });
  await packAll(packed);
}

/**
 * Does what the document says, in the app and then in the legacy one.
 *
 * @param {string} app
 * @returns {Promise<number>} how many steps that were
 */
async function follow(app) {
  const document = await readFile(DOCUMENT, 'utf8');
  const steps = stepsIn(document, INSTALL);
  const legacy = [...steps.filter(({ kind }) => kind === 'run'), ...stepsIn(document, LEGACY)].map(inLegacyApp);
  for (const one of [...steps, ...legacy]) {
    await (one.kind === 'run' ? inShell(app, one.commands) : apply(app, one));
  }
  return steps.length + legacy.length;
}

/** @param {Step} step @returns {Step} the same with the folder that the legacy app has here */
function inLegacyApp(step) {
  const [name, legacy] = APPS;
  if (step.kind === 'change') {
    return { ...step, file: step.file.replace(`packages/${name}/`, `packages/${legacy}/`) };
  }
  // The backend is there already.
  const own = step.commands.split('\n').filter((line) => line.startsWith(`yarn workspace ${name} `));
  return { kind: 'run', commands: own.join('\n').replaceAll(`workspace ${name} `, `workspace ${legacy} `) };
}

/**
 * Nothing that is started in there lives on: `yarn start` leaves its own children behind when it is ended.
 *
 * @param {string} app
 */
async function use(app) {
  const alone = ['--pid', '--fork', '--kill-child', '--mount-proc'];
  const line = inOwnNetwork([process.execPath, inRepository('backstage/stock-app/use.mjs'), app]);
  const root = canHaveOwnNetwork() ? [] : ['--map-root-user'];
  await runCommand({ line: ['unshare', ...root, ...alone, ...line], log: LOG });
}

/**
 * The image, where containers can run. Started, it would want Postgres; our packages are loaded in it.
 *
 * @param {string} app
 * @returns {Promise<string>} what is said of it
 */
async function image(app) {
  const whyNot = whyNoContainers();
  if (whyNot !== undefined) {
    say(`  image: not built (${whyNot})`);
    return 'no image';
  }
  await step('image', async () => {
    await setUp(NEEDS['stock-app image'], LOG);
    await buildImage(app);
  });
  try {
    const content = await contentOfImage();
    if (!/^v24\.\S+ @backstage\/BackendFeature @backstage\/BackendFeature$/.test(content)) {
      throw new Error(`our packages are not in the image: ${content}`);
    }
    return `an image with Node ${content.split(' ')[0]}`;
  } finally {
    await removeImage();
  }
}

const began = performance.now();
try {
  await rm(LOG, { force: true });
  await step('setup', () => setUp(NEEDS['stock-app'], LOG));
  await step('program', () => buildProgram({ log: LOG }));
  const app = await step('app', () => stockApp());
  await step('packages', () => pack(app));
  const steps = await step('document', () => follow(app));
  await step('tsc', () => inShell(app, 'yarn tsc'));
  await step('lint', () => inShell(app, 'yarn lint:all'));
  await step('config', () => inShell(app, CONFIG_CHECKS));
  await step('build', () => inShell(app, 'yarn build:backend'));
  await step('legacy build', () => inShell(app, `yarn workspace ${LEGACY_APP} build`));
  const built = await image(app);
  await step('login', () => use(app));
  say(`stock-app: ok (${steps} steps of the document, ${built}, a login by command and one by the helper, ${duration(performance.now() - began)})`);
} catch (error) {
  if (error instanceof StepFailed || error instanceof CommandFailed) {
    say(await tailOf(LOG, 40));
  }
  say(`stock-app: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
