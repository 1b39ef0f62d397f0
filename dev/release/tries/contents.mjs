import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { REPOSITORY } from '../../setup/repository.mjs';
import { THIRD_PARTY } from '../licenses/texts.mjs';
import { fileName, RELEASE_FILES } from '../project.mjs';

/** @typedef {import('../targets.mjs').Target} Target */
/** @typedef {import('../project.mjs').Project} Project */

/** Debian's and Docker's names of the processors. */
const PROCESSORS = { x64: 'amd64', arm64: 'arm64' };

/**
 * Checks the list of what a program consists of: it is about this program, and each part has a licence.
 *
 * @param {Project} project
 * @param {Target} target
 * @param {string} program
 */
export async function inspectSbom(project, target, program) {
  const text = await readFile(join(RELEASE_FILES, fileName(project, target, '.cdx.json')), 'utf8');
  const { metadata, components } = JSON.parse(text);
  assert.equal(metadata.component.hashes[0].content, createHash('sha256').update(await readFile(program)).digest('hex'));
  assert.ok(components.length > 100, `only ${components.length} parts`);
  const unlicensed = components.filter((/** @type {{licenses?: unknown[]}} */ { licenses }) => !licenses?.length);
  assert.deepEqual(unlicensed.map((/** @type {{name: string}} */ { name }) => name), [], 'without a licence');
  assert.ok(!text.includes(REPOSITORY.replace(/\/$/, '')), 'it names a folder of this machine');
}

/**
 * @param {Project} project
 * @param {Target} target
 */
export async function inspectDeb(project, target) {
  const { stdout } = await promisify(execFile)('dpkg-deb', ['--field', join(RELEASE_FILES, fileName(project, target, '.deb')), 'Architecture']);
  assert.equal(stdout.trim(), PROCESSORS[target.cpu]);
  const listed = await promisify(execFile)('dpkg-deb', ['--contents', join(RELEASE_FILES, fileName(project, target, '.deb'))]);
  assert.match(listed.stdout, new RegExp(`/usr/share/doc/${project.name}/${THIRD_PARTY}$`, 'm'));
}

/**
 * Checks that an image is for its processor, and holds the program that was released.
 *
 * @param {Project} project
 * @param {Target} target
 * @param {string} program
 */
export async function inspectImageFile(project, target, program) {
  const image = join(RELEASE_FILES, fileName(project, target, '_image.tar'));
  const [{ Config, Layers }] = JSON.parse(await textIn(image, 'manifest.json'));
  const { architecture, config } = JSON.parse(await textIn(image, Config));
  assert.equal(architecture, PROCESSORS[target.cpu]);
  assert.equal(config.Labels['org.opencontainers.image.version'], project.version);
  const licenses = await promisify(execFile)('sh', ['-c', 'tar -xOf "$0" "$1" | tar -tf - licenses', image, Layers[0]]);
  assert.match(licenses.stdout, new RegExp(`^licenses/LICENSE\nlicenses/${THIRD_PARTY}$`, 'm'));
  const script = 'tar -xOf "$0" "$1" | tar -xO backstage-oidc-helper -f - | sha256sum';
  const { stdout } = await promisify(execFile)('sh', ['-c', script, image, Layers[0]]);
  assert.equal(stdout.split(' ')[0], createHash('sha256').update(await readFile(program)).digest('hex'));
}

/**
 * @param {string} archive
 * @param {string} name
 */
async function textIn(archive, name) {
  return (await promisify(execFile)('tar', ['-xOf', archive, name])).stdout;
}
