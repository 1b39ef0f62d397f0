import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { runCommand } from '../setup/command.mjs';
import { CROSS_BUILDS, ZIGBUILD, ZIGBUILD_VARIABLES } from '../setup/cross-compilers.mjs';
import { NEEDS } from '../setup/needs.mjs';
import { REPOSITORY } from '../setup/repository.mjs';
import { OLDEST_MACOS } from './mach-o.mjs';

/** @typedef {import('./targets.mjs').Target} Target */

/** @typedef {'release' | 'dev'} Profile cargo's; released is the first, the second is there sooner */

/** The symbols of Apple's libraries that the program calls: their names are enough to link it. */
const APPLE_STUBS = fileURLToPath(new URL('apple', import.meta.url));

/**
 * @param {Target[]} targets
 * @param {NodeJS.Platform} platform of the machine that builds
 * @returns {import('../setup/needs.mjs').Needs} what has to be on it
 * @throws when it cannot build for all of them
 */
export function neededToBuild(targets, platform) {
  if (platform === 'linux') {
    return NEEDS.release;
  }
  if (platform !== 'darwin') {
    throw new Error('releases are built on Linux and macOS: run this there, on Windows in WSL');
  }
  if (targets.some(({ os }) => os !== 'darwin')) {
    throw new Error('a Mac builds for macOS alone: run ONLY=darwin_arm64,darwin_amd64 make release, or all of it on Linux');
  }
  return NEEDS['release on macOS'];
}

/**
 * Builds the program for a system: for Linux and macOS with zig as C compiler and linker, for Windows with mingw, and on a Mac with its own.
 *
 * @param {Target} target
 * @param {{commit: string, profile: Profile, log: string}} options
 * @returns {Promise<string>} where the program is
 */
export async function build(target, { commit, profile, log }) {
  const options = ['--locked', '--bin', 'backstage-oidc-helper', '--target', target.triple, '--target-dir', CROSS_BUILDS, '--profile', profile];
  const line = ownLinker(target) ? ['cargo', 'build', ...options] : [ZIGBUILD, 'zigbuild', ...options];
  const variables = {
    ...(ownLinker(target) ? {} : ZIGBUILD_VARIABLES),
    BUILD_COMMIT: commit,
    MACOSX_DEPLOYMENT_TARGET: `${OLDEST_MACOS}.0`,
    // Separated by a character that no path has.
    CARGO_ENCODED_RUSTFLAGS: rustFlags(target).join('\u001f'),
  };
  await runCommand({ line: ['nice', ...line], variables, log });
  return programPath(target, profile);
}

/**
 * @param {Target} target
 * @param {Profile} profile
 */
export function programPath(target, profile) {
  return join(CROSS_BUILDS, target.triple, profile === 'dev' ? 'debug' : profile, target.program);
}

/** @param {Target} target @returns {boolean} whether cargo finds a linker by itself */
function ownLinker({ os }) {
  return os === 'win32' || (os === 'darwin' && process.platform === 'darwin');
}

/**
 * No path of this machine gets into the program: neither the checkout's, nor cargo's, which names the registry.
 *
 * @param {Target} target
 * @returns {string[]}
 */
function rustFlags(target) {
  const crates = join(process.env['CARGO_HOME'] || join(homedir(), '.cargo'), 'registry/src');
  const registries = readdirSync(crates, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => join(crates, name));
  const paths = [[REPOSITORY, ''], ...registries.map((folder) => [`${folder}/`, 'crates/'])];
  const stubs = target.os === 'darwin' && !ownLinker(target) ? [`-Lframework=${APPLE_STUBS}`, `-Lnative=${APPLE_STUBS}`] : [];
  return [...paths.map(([from, to]) => `--remap-path-prefix=${from}=${to}`), ...stubs];
}
