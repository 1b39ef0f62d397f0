import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { runCommand } from '../setup/command.mjs';
import { crateProgram } from '../setup/crate-programs.mjs';
import { inRepository } from '../setup/repository.mjs';
import { tarGz, zip } from './archives.mjs';
import { THIRD_PARTY } from './licenses/texts.mjs';
import { archiveName, fileName, RELEASE_FILES } from './project.mjs';

/** @typedef {import('./targets.mjs').Target} Target */

/**
 * @typedef {object} Release what all files of it have in common
 * @property {import('./project.mjs').Project} project
 * @property {import('./project.mjs').Commit} commit
 * @property {string} log
 */

/** What lies in each archive beside the program. */
const TEXTS = ['LICENSE', THIRD_PARTY, 'README.md'];

/** cargo-deb takes the program from here. */
const STAGE = inRepository('target/release-stage');

/** cargo-cyclonedx writes beside Cargo.toml, and nowhere else. */
const SBOM = 'released-program';

/**
 * Packs a program: as .zip for Windows, as .tar.gz for all others.
 *
 * @param {Target} target
 * @param {string} program
 * @param {Release} release
 */
export async function packArchive(target, program, { project, commit }) {
  const texts = TEXTS.map(async (name) => ({ name, content: await readFile(inRepository(name)), kind: /** @type {const} */ ('text') }));
  const entries = [{ name: target.program, content: await readFile(program), kind: /** @type {const} */ ('program') }, ...(await Promise.all(texts))];
  const archive = await (target.os === 'win32' ? zip : tarGz)(entries, commit.seconds);
  await writeFile(join(RELEASE_FILES, archiveName(project, target)), archive);
}

/**
 * Packs a program for Debian and Ubuntu.
 *
 * @param {Target} target
 * @param {string} program
 * @param {Release} release
 */
export async function packDeb(target, program, { project, commit, log }) {
  const staged = join(STAGE, target.triple, 'release', target.program);
  await mkdir(join(STAGE, target.triple, 'release'), { recursive: true });
  await copyFile(program, staged);
  await chmod(staged, 0o755);
  const options = ['--no-build', '--no-strip', '--no-dbgsym', '--locked', '--target', target.triple];
  const output = join(RELEASE_FILES, fileName(project, target, '.deb'));
  const variables = { CARGO_TARGET_DIR: STAGE, SOURCE_DATE_EPOCH: String(commit.seconds) };
  await runCommand({ line: [crateProgram('cargo-deb'), ...options, '--output', output], variables, log });
  await rm(STAGE, { recursive: true });
}

/**
 * Writes down what a program consists of, as CycloneDX, with the licence of each crate.
 *
 * @param {Target} target
 * @param {string} program
 * @param {Release} release
 */
export async function writeSbom(target, program, { project, commit, log }) {
  const options = ['--format', 'json', '--spec-version', '1.5', '--target', target.triple, '--override-filename', SBOM];
  const variables = { SOURCE_DATE_EPOCH: String(commit.seconds) };
  await runCommand({ line: [crateProgram('cargo-cyclonedx'), 'cyclonedx', ...options], variables, log });
  const written = inRepository(`${SBOM}.json`);
  const checksum = createHash('sha256').update(await readFile(program)).digest('hex');
  const sbom = ofProgram(await readFile(written, 'utf8'), commit.commit, checksum);
  await writeFile(written, sbom);
  await rename(written, join(RELEASE_FILES, fileName(project, target, '.cdx.json')));
}

/**
 * @param {string} text as cargo-cyclonedx writes it, with this machine's folder in it
 * @param {string} commit
 * @param {string} checksum
 * @returns {string} the same, which says what program it is about
 */
function ofProgram(text, commit, checksum) {
  const sbom = JSON.parse(text.replaceAll(/path\+file:\/\/[^"#]*#/g, 'source#'));
  sbom.metadata.component.hashes = [{ alg: 'SHA-256', content: checksum }];
  sbom.metadata.properties.push({ name: 'commit', value: commit });
  return `${JSON.stringify(sbom, null, 1)}\n`;
}
