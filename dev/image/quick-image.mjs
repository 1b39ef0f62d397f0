import { copyFile, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { PROGRAM } from '../demo/program.mjs';
import { inRepository } from '../setup/repository.mjs';
import { build, IMAGE_LOGS } from './podman.mjs';

/** The last stage of the Dockerfile around the debug binary. */
export const QUICK_IMAGE = 'backstage-oidc-helper-quick';

/** Where the certificate authorities are, here and in the image. */
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/** What the last stage copies from the stage before it. */
const BUILT = join(IMAGE_LOGS, 'quick');

/** Puts a binary and this machine's certificate authorities where the stage that compiles has its own. @param {string} program */
async function provideBuilt(program) {
  await rm(BUILT, { recursive: true, force: true });
  const files = { '/build/backstage-oidc-helper': program, [AUTHORITIES]: AUTHORITIES };
  for (const [path, source] of Object.entries(files)) {
    await mkdir(dirname(join(BUILT, path)), { recursive: true });
    await copyFile(source, join(BUILT, path));
  }
}

/**
 * Builds it, once podman is configured.
 *
 * @param {string} [program] another binary
 * @param {string} [image] another name
 */
export async function buildQuickImage(program = PROGRAM, image = QUICK_IMAGE) {
  await provideBuilt(program);
  // In one layer: it is built anew each time, and each layer would hold a copy of the binary.
  await build(image, inRepository('Dockerfile'), [`--build-context=build=${BUILT}`, '--layers=false']);
}
