import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';

import { runCommand } from '../setup/command.mjs';
import { inRepository } from '../setup/repository.mjs';

/** The last commit before providers other than the first were taken: what a record holds has changed since. */
export const EARLIER = '98b5553b71a63c288becc969ce1ab03d1294c6f1';

/** The first commit that keeps logins in a file and can carry them away: no released version is earlier. */
export const EARLIER_WITH_FILE = '69b8354b47ea207a670cb800f4a305b8dc9a0cd6';

const PROGRAM = 'backstage-oidc-helper';

/**
 * Builds the binary of an earlier commit, once. It shares this checkout's compiled crates, and takes the place of its binary until that is
 * built again.
 *
 * @param {string} commit
 * @param {string} log
 * @returns {Promise<string>} where it is
 */
export async function earlierBinary(commit, log) {
  const folder = inRepository('target/earlier', commit);
  const binary = `${folder}.binary`;
  if (!existsSync(binary)) {
    await takeOut(commit, folder, log);
    const line = ['cargo', 'build', '--locked', '--bin', PROGRAM];
    await runCommand({ line, folder, variables: { CARGO_TARGET_DIR: inRepository('target') }, log });
    await rename(inRepository('target/debug', PROGRAM), binary);
    // Cargo takes both for one crate. Without these sources it builds this checkout's anew, and no other commit's as these.
    await rm(folder, { recursive: true });
  }
  return binary;
}

/**
 * @param {string} commit
 * @param {string} folder it gets its name when it is complete
 * @param {string} log
 */
async function takeOut(commit, folder, log) {
  if (existsSync(folder)) {
    return;
  }
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const archive = `${unfinished}.tar`;
  try {
    await runCommand({ line: ['git', 'archive', '--output', archive, commit], log });
  } catch (cause) {
    throw new Error(`commit ${commit} is not in this checkout: run git fetch --unshallow, or set EARLIER to one that is`, { cause });
  }
  // Newer than what cargo has built: it would take that for these sources.
  await runCommand({ line: ['tar', '--extract', '--touch', '--file', archive, '--directory', unfinished], log });
  await rm(archive);
  await rename(unfinished, folder);
}
