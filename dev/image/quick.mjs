#!/usr/bin/env node
// `make image-quick`: builds the last stage of the Dockerfile around the debug binary, runs it as the documents show, and logs in. What is compiled inside
// the Dockerfile, the image's size and compose.yaml are left to `make image`.
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { PROGRAM } from '../demo/program.mjs';
import { NEEDS } from '../setup/needs.mjs';
import { buildProgram } from '../setup/program.mjs';
import { inRepository } from '../setup/repository.mjs';
import { setUp } from '../setup/setup.mjs';
import { step } from '../setup/steps.mjs';
import { inspectImage } from './inspection.mjs';
import { logInThrough, report } from './login-run.mjs';
import { build, configurePodman, IMAGE_LOGS, pullNothing, SETUP_LOG } from './podman.mjs';
import { whyNoContainers } from './prerequisites.mjs';

const QUICK_IMAGE = 'backstage-oidc-helper-quick';

/** Where the certificate authorities are, here and in the image. */
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/** What the last stage copies from the stage before it. */
const BUILT = join(IMAGE_LOGS, 'quick');

/** Puts the debug binary and this machine's certificate authorities where the stage that compiles has its own. */
async function provideBuilt() {
  await rm(BUILT, { recursive: true, force: true });
  const files = { '/build/backstage-oidc-helper': PROGRAM, [AUTHORITIES]: AUTHORITIES };
  for (const [path, source] of Object.entries(files)) {
    await mkdir(dirname(join(BUILT, path)), { recursive: true });
    await copyFile(source, join(BUILT, path));
  }
}

await report('image-quick', whyNoContainers, async () => {
  await step('setup', async () => {
    await setUp(NEEDS['image-quick'], SETUP_LOG);
    await configurePodman();
    pullNothing();
  });
  await step('program', () => buildProgram({ log: SETUP_LOG }));
  await step('image', async () => {
    await provideBuilt();
    // In one layer: it is built anew each time, and each layer would hold a copy of the binary.
    await build(QUICK_IMAGE, inRepository('Dockerfile'), [`--build-context=build=${BUILT}`, '--layers=false']);
  });
  await inspectImage(QUICK_IMAGE);
  await logInThrough(QUICK_IMAGE, 'alone');
  return 'the last stage of the Dockerfile around the debug binary, logged in by each command and the compose file of the documents';
});
