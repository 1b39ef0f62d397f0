#!/usr/bin/env node
// `make image-quick`: builds the last stage of the Dockerfile around the debug binary, runs it as the documents show, and logs in. What is compiled inside
// the Dockerfile, the image's size and compose.yaml are left to `make image`.
import { NEEDS } from '../setup/needs.mjs';
import { buildProgram } from '../setup/program.mjs';
import { setUp } from '../setup/setup.mjs';
import { step } from '../setup/steps.mjs';
import { inspectImage } from './inspection.mjs';
import { logInThrough, report } from './login-run.mjs';
import { configurePodman, pullNothing, SETUP_LOG } from './podman.mjs';
import { whyNoContainers } from './prerequisites.mjs';
import { buildQuickImage, QUICK_IMAGE } from './quick-image.mjs';

await report('image-quick', whyNoContainers, async () => {
  await step('setup', async () => {
    await setUp(NEEDS['image-quick'], SETUP_LOG);
    await configurePodman();
    pullNothing();
  });
  await step('program', () => buildProgram({ log: SETUP_LOG }));
  await step('image', () => buildQuickImage());
  await inspectImage(QUICK_IMAGE);
  await logInThrough(QUICK_IMAGE, 'alone');
  return 'the last stage of the Dockerfile around the debug binary, logged in by each command and the compose file of the documents';
});
