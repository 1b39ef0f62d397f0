import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

import { REPOSITORY } from '../../dev/setup/repository.mjs';
import { BASELINE_COMMIT } from '../measuring/earlier-binary.mjs';

/** @typedef {import('../measuring/earlier-binary.mjs').EarlierBinary} EarlierBinary */

/** As many of a hash's digits as tell binaries apart. */
const DIGITS = 12;

/** What the program is built from. */
const SOURCES = ['src', 'config', '.cargo', 'Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml'];

const run = promisify(execFile);

/**
 * @param {string} ours
 * @param {EarlierBinary} [earlier]
 * @param {string} [checkout] that ours was built from
 * @returns {Promise<string>} which binaries were measured, as a list in Markdown
 */
export async function binaries(ours, earlier, checkout = REPOSITORY) {
  const lines = [`- ours, of ${await commitOf(checkout)}: ${await binaryOf(ours)}`];
  if (!earlier) {
    return [...lines, '- Nothing here is compared with an earlier binary: neither BEFORE nor BASELINE has named one'].join('\n');
  }
  const named = earlier.variable === 'BASELINE' ? `BASELINE, as the one of commit ${BASELINE_COMMIT}` : 'BEFORE';
  return [...lines, `- ours before, named by ${named}: ${await binaryOf(earlier.binary)}`].join('\n');
}

/** @param {string} path @returns {Promise<string>} what it says that it is, and what tells it from others that say the same */
async function binaryOf(path) {
  const { stdout } = await run(path, ['--version']);
  const hash = createHash('sha256').update(await readFile(path)).digest('hex');
  return `\`${stdout.trim()}\`, SHA-256 ${hash.slice(0, DIGITS)}…`;
}

/** @param {string} checkout @returns {Promise<string>} its commit, and whether its sources are others */
async function commitOf(checkout) {
  const { stdout } = await run('git', ['rev-parse', '--short', 'HEAD'], { cwd: checkout });
  const changed = await run('git', ['status', '--porcelain', '--', ...SOURCES], { cwd: checkout });
  return `commit ${stdout.trim()}${changed.stdout === '' ? '' : ' with changes'}`;
}
