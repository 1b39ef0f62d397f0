import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { readRelease } from '../../npm/packages.mjs';
import { archiveOf, unpackProgram } from '../../npm/release-files.mjs';
import { PROGRAM } from '../demo/program.mjs';
import { TARGETS } from '../release/targets.mjs';
import { inRepository } from '../setup/repository.mjs';

/** @typedef {import('../release/targets.mjs').Target} Target */
/** @typedef {(line: string[], folder: string) => Promise<void>} Run */

const RELEASED = inRepository('target/release-files');
const STAND_IN = 'This stands for a program that was not built here.\n';

/**
 * Makes released files: for this machine with the debug program without its symbols; for others with what a whole `make release` has left,
 * else with a stand-in, which no machine here may install.
 *
 * @param {string} into a folder
 * @param {Run} run
 */
export async function makeReleaseFiles(into, run) {
  const { version } = readRelease(await readFile(inRepository('Cargo.toml'), 'utf8'), {});
  for (const target of TARGETS) {
    const folder = join(into, target.name);
    await mkdir(folder, { recursive: true });
    await provide(target, version, folder, run);
    const archive = join(into, archiveOf(target, version));
    const pack = target.os === 'win32' ? ['python3', '-m', 'zipfile', '-c'] : ['tar', '-czf'];
    await run([...pack, archive, target.program], folder);
  }
  await run(['sh', '-c', 'sha256sum *.* > checksums.txt'], into);
}

/**
 * @param {Target} target
 * @param {string} version
 * @param {string} folder that gets its program
 * @param {Run} run
 */
async function provide(target, version, folder, run) {
  const program = join(folder, target.program);
  if (target.os === process.platform && target.cpu === process.arch) {
    await run(['strip', '-o', program, PROGRAM], folder);
    return;
  }
  // A release that did not end has no checksums yet.
  const isThere = ['checksums.txt', archiveOf(target, version)].every((name) => existsSync(join(RELEASED, name)));
  await (isThere ? copyFile(await unpackProgram(RELEASED, target, version, join(folder, 'released')), program) : writeFile(program, STAND_IN));
}
