#!/usr/bin/env node
// `make image`: builds the image and runs it, alone and among the services of compose.yaml; a browser logs in through it both times.
import { NEEDS } from '../setup/needs.mjs';
import { buildProgram } from '../setup/program.mjs';
import { inRepository } from '../setup/repository.mjs';
import { readCommit } from '../release/project.mjs';
import { setUp } from '../setup/setup.mjs';
import { step } from '../setup/steps.mjs';
import { provideBaseImages } from './base-images.mjs';
import { buildServices, SERVERS_IMAGE } from './compose.mjs';
import { IMAGE, inspectImage, inspectSize, inspectVersion } from './inspection.mjs';
import { logInThrough, report } from './login-run.mjs';
import { build, configurePodman, SETUP_LOG } from './podman.mjs';
import { whyNoImage } from './prerequisites.mjs';

/** @param {string[]} options of each build */
async function buildImages(options) {
  const dockerfile = inRepository('Dockerfile');
  // A stage with a name is kept for the next time.
  await build(`${IMAGE}-build`, dockerfile, [...options, '--target=build']);
  await build(IMAGE, dockerfile, options);
  await build(SERVERS_IMAGE, inRepository('dev/Dockerfile'), options);
}

await report('image', whyNoImage, async () => {
  const { buildOptions, composeFiles } = await step('setup', async () => {
    await setUp(NEEDS.image, SETUP_LOG);
    await configurePodman();
    return provideBaseImages();
  });
  // The backend beside the image is the debug binary.
  await step('program', () => buildProgram({ log: SETUP_LOG }));
  const { commit } = readCommit();
  // The stand-ins where they are needed. With the same commit for both, the second finds what the first has compiled.
  const options = [...buildOptions, `--build-arg=REVISION=${commit}`];
  await step('image', () => buildImages(options));
  await step('compose', () => buildServices(options, composeFiles));
  await inspectImage(IMAGE);
  await inspectVersion(IMAGE, commit);
  const size = await inspectSize(IMAGE);
  await logInThrough(IMAGE, 'among-services', ...composeFiles);
  return `${size} MB, logged in by each command and the compose file of the documents, and among the services of compose.yaml`;
});
