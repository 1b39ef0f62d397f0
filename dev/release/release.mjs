#!/usr/bin/env node
// `make release`: builds the program for each system and packs it, into target/release-files/; ONLY=linux_amd64,… takes some of them, PROFILE=dev
// builds without optimizations, to try the rest out, and COMMITTED_ONLY=1 refuses a source with changes that are not committed.
import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { whyNoContainers } from '../image/prerequisites.mjs';
import { CommandFailed, runCommand, tailOf } from '../setup/command.mjs';
import { inRepository } from '../setup/repository.mjs';
import { setUp } from '../setup/setup.mjs';
import { duration, say, step, StepFailed } from '../setup/steps.mjs';
import { build, neededToBuild } from './builds.mjs';
import { packImage } from './images.mjs';
import { inspectLibraries, inspectProgram } from './inspection.mjs';
import { checkLicenses } from './licenses/texts.mjs';
import { list } from './lists.mjs';
import { packArchive, packDeb, writeSbom } from './packages.mjs';
import { chosenTargets, readCommit, readProject, RELEASE_FILES } from './project.mjs';

/** @typedef {import('./targets.mjs').Target} Target */
/** @typedef {import('./packages.mjs').Release} Release */

const LOG = inRepository('target/release.log');

/**
 * @param {Target} target
 * @param {Release & {profile: import('./builds.mjs').Profile}} release
 */
async function release(target, { profile, ...release }) {
  const program = await build(target, { commit: release.commit.commit, profile, log: LOG });
  await inspectProgram(program, target, { ...release, profile });
  await inspectLibraries(join(dirname(program), 'deps'));
  await packArchive(target, program, release);
  await writeSbom(target, program, release);
  if (target.os === 'linux') {
    await packDeb(target, program, release);
  }
  if (target.os === 'linux' && whyNoContainers() === undefined) {
    await packImage(target, program, release);
  }
  return (await stat(program)).size / 1e6;
}

/** @returns {Promise<string>} figures */
async function releaseAll() {
  const targets = chosenTargets(process.env['ONLY']);
  const profile = process.env['PROFILE'] === 'dev' ? 'dev' : 'release';
  const needs = neededToBuild(targets, process.platform);
  await step('setup', async () => {
    await setUp(needs, LOG);
    await runCommand({ line: ['cargo', 'fetch', '--locked'], log: LOG });
  });
  if (process.platform === 'linux') {
    await step('licenses', () => checkLicenses(LOG));
  }
  const whyNot = whyNoContainers();
  if (whyNot !== undefined) {
    say(`  images: not built (${whyNot})`);
  }
  const [project, commit] = [readProject(), readCommit()];
  await rm(RELEASE_FILES, { recursive: true, force: true });
  await mkdir(RELEASE_FILES, { recursive: true });
  const sizes = [];
  for (const target of targets) {
    const size = await step(target.name, () => release(target, { project, commit, log: LOG, profile }));
    sizes.push(`${target.name} ${size.toFixed(1)} MB`);
  }
  const files = await step('lists', () => list(project));
  return `${project.version} of ${commit.commit}, ${files} files; ${sizes.join(', ')}`;
}

const began = performance.now();
try {
  say(`release: ok (${await releaseAll()}; ${duration(performance.now() - began)})`);
} catch (error) {
  if (error instanceof StepFailed || error instanceof CommandFailed) {
    say(await tailOf(LOG, 20).catch(() => ''));
  }
  say(`release: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
