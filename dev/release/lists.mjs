#!/usr/bin/env node
// `make release-lists`: writes the checksums of what lies in target/release-files/ and, once all archives are there, the formula for Homebrew and
// the manifest for Scoop. make release does it too; this is for archives that several machines have made.
import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { isInstalled, runCommand } from '../setup/command.mjs';
import { inRepository } from '../setup/repository.mjs';
import { say } from '../setup/steps.mjs';
import { writeChecksums } from './checksums.mjs';
import { FORMULA, writeListings } from './listings.mjs';
import { archiveName, readProject, RELEASE_FILES } from './project.mjs';
import { TARGETS } from './targets.mjs';

/**
 * @param {import('./project.mjs').Project} project
 * @returns {Promise<number>} how many files are released
 */
export async function list(project) {
  const there = await readdir(RELEASE_FILES);
  await copyFile(inRepository('install.sh'), join(RELEASE_FILES, 'install.sh'));
  const checksums = await writeChecksums(RELEASE_FILES);
  const lacking = TARGETS.filter((target) => !there.includes(archiveName(project, target)));
  if (lacking.length > 0) {
    say(`  formula and manifest: not written (they name all archives, and ${lacking.map(({ name }) => name).join(', ')} is not there)`);
    return checksums.size + 1;
  }
  await writeListings(project, checksums);
  if (isInstalled('ruby')) {
    await runCommand({ line: ['ruby', '-c', join(RELEASE_FILES, FORMULA)], log: inRepository('target/release.log') });
  }
  return (await writeChecksums(RELEASE_FILES)).size + 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    say(`release-lists: ok (${await list(readProject())} files)`);
  } catch (error) {
    say(`release-lists: failed (${error instanceof Error ? error.message : error})`);
    process.exitCode = 1;
  }
}
