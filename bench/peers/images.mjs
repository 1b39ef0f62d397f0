import { readFile, writeFile } from 'node:fs/promises';

import { configurePodman, podman, pullNothing } from '../../dev/image/podman.mjs';
import { buildQuickImage } from '../../dev/image/quick-image.mjs';
import { inRepository } from '../../dev/setup/repository.mjs';
import { versions } from '../programs.mjs';

const IMAGE = 'backstage-oidc-helper-bench';

/** Beside target/bench, which begins empty. */
const SIZES = inRepository('target/bench-images.json');

const MIB = 1 << 20;

/** Builds the last stage of the Dockerfile around each version, and keeps what the images take. */
export async function measureImages() {
  await configurePodman();
  pullNothing();
  /** @type {Record<string, number>} */
  const sizes = {};
  for (const { name, binary } of versions()) {
    await buildQuickImage(binary, IMAGE);
    const [{ Size }] = JSON.parse(await podman('image', 'inspect', `localhost/${IMAGE}`));
    sizes[name] = Size / MIB;
  }
  await writeFile(SIZES, JSON.stringify(sizes));
}

/** @returns {Promise<Record<string, number>>} MiB, by the version's name */
export async function imageSizes() {
  return JSON.parse(await readFile(SIZES, 'utf8'));
}
