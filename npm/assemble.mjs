import { chmod, copyFile, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { THIRD_PARTY } from '../dev/release/licenses/texts.mjs';
import { inRepository } from '../dev/setup/repository.mjs';
import { launcherManifest, NAME, packageFor, platformManifest } from './packages.mjs';

/** @typedef {import('./packages.mjs').Target} Target */

/**
 * Writes the packages as they are published.
 *
 * @param {string} into a folder, emptied first
 * @param {import('./packages.mjs').Release} release
 * @param {ReadonlyMap<Target, string>} programs what was built for each system, by its path
 * @returns {Promise<string[]>} a folder for each package, the launcher's last: what it depends on is to be there before it
 */
export async function assemble(into, release, programs) {
  await rm(into, { recursive: true, force: true });
  const folders = [];
  for (const [target, program] of programs) {
    const folder = join(into, basename(packageFor(target)));
    await writePlatform(folder, target, release, program);
    folders.push(folder);
  }
  const launcher = join(into, basename(NAME));
  await writeLauncher(launcher, release);
  return [...folders, launcher];
}

/**
 * @param {string} folder
 * @param {Target} target
 * @param {import('./packages.mjs').Release} release
 * @param {string} built
 */
async function writePlatform(folder, target, release, built) {
  const program = join(folder, 'bin', target.program);
  await mkdir(dirname(program), { recursive: true });
  await copyFile(built, program);
  // Registries keep the mode.
  await chmod(program, 0o755);
  await copyFile(inRepository(THIRD_PARTY), join(folder, THIRD_PARTY));
  const manifest = platformManifest(target, release);
  await writeFile(join(folder, 'README.md'), `# ${manifest.name}\n\n${manifest.description}.\n`);
  await finish(folder, manifest);
}

/**
 * @param {string} folder
 * @param {import('./packages.mjs').Release} release
 */
async function writeLauncher(folder, release) {
  const isPublished = (/** @type {string} */ path) => !/\.(json|test\.mjs)$/.test(path);
  await cp(inRepository('npm/launcher'), folder, { recursive: true, filter: isPublished });
  await chmod(join(folder, 'launcher.js'), 0o755);
  await finish(folder, launcherManifest(release));
}

/**
 * @param {string} folder
 * @param {object} manifest
 */
async function finish(folder, manifest) {
  await copyFile(inRepository('LICENSE'), join(folder, 'LICENSE'));
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
}
