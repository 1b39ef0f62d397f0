import { execFileSync } from 'node:child_process';

import { inRepository, REPOSITORY } from '../setup/repository.mjs';
import { TARGETS } from './targets.mjs';

/** @typedef {import('./targets.mjs').Target} Target */

/**
 * What Cargo.toml says of the program.
 *
 * @typedef {object} Project
 * @property {string} name
 * @property {string} version
 * @property {string} license
 * @property {string} description
 * @property {string} repository where its releases are
 */

/** @typedef {{commit: string, seconds: number}} Commit what is released: twelve digits and perhaps `-dirty`; when it was committed */

/** Where the released files are put. */
export const RELEASE_FILES = inRepository('target/release-files');

export const CHECKSUMS = 'checksums.txt';

/** The earliest time that a zip archive can hold, for a source that has none. */
const EARLIEST = 315_532_800;

/**
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {Project}
 */
export function readProject(environment = process.env) {
  const line = ['metadata', '--no-deps', '--locked', '--format-version', '1'];
  const { packages } = JSON.parse(execFileSync('cargo', line, { cwd: REPOSITORY, encoding: 'utf8' }));
  const [project] = packages;
  return { ...project, repository: repositoryOf(environment, project.repository) };
}

/**
 * Where the source and its releases are. A fork's own workflow releases its own files, and Cargo.toml still names the origin.
 *
 * @template {string | undefined} T
 * @param {NodeJS.ProcessEnv} environment
 * @param {T} named in Cargo.toml
 * @returns {string | T} where the workflow runs, else the one that is named
 */
export function repositoryOf({ GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name }, named) {
  return server && name ? `${server}/${name}` : named;
}

/**
 * The commit that is built: BUILD_COMMIT and SOURCE_DATE_EPOCH where they are set, as for a source without .git, else what git says.
 *
 * @param {NodeJS.ProcessEnv} [environment]
 * @param {string} [folder]
 * @returns {Commit}
 * @throws when there is none, and when COMMITTED_ONLY is set and something was changed since
 */
export function readCommit(environment = process.env, folder = REPOSITORY) {
  const { BUILD_COMMIT: named, SOURCE_DATE_EPOCH: time } = environment;
  const commit = named || git(folder, 'describe', '--always', '--dirty', '--abbrev=12', '--exclude', '*');
  if (commit === undefined) {
    throw new Error('git knows no commit here: set BUILD_COMMIT to the first twelve digits of the one that this source is, then run this again');
  }
  if (!/^[0-9a-f]{12}(-dirty)?$/.test(commit)) {
    throw new Error(`BUILD_COMMIT is ${commit}: name the first twelve digits of a commit, such as 0123456789ab`);
  }
  if (environment['COMMITTED_ONLY'] && commit.endsWith('-dirty')) {
    const changed = git(folder, 'diff', '--name-only', 'HEAD')?.split('\n').join(', ') || 'BUILD_COMMIT says so';
    throw new Error(`there are changes that are not committed (${changed}), which COMMITTED_ONLY refuses: commit or undo them, then run this again`);
  }
  return { commit, seconds: Number(time || git(folder, 'log', '-1', '--format=%ct') || EARLIEST) };
}

/**
 * @param {string} folder
 * @param {string[]} args
 * @returns {string | undefined} what it prints; nothing where it fails
 */
function git(folder, ...args) {
  try {
    return execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

/**
 * @param {string | undefined} only names of the list, separated by commas; all where none is given
 * @returns {Target[]}
 */
export function chosenTargets(only) {
  const names = only?.split(',').filter(Boolean) ?? [];
  const unknown = names.find((name) => !TARGETS.some((target) => target.name === name));
  if (unknown !== undefined) {
    throw new Error(`there is no ${unknown}: name some of ${TARGETS.map(({ name }) => name).join(', ')}`);
  }
  return names.length === 0 ? TARGETS : TARGETS.filter(({ name }) => names.includes(name));
}

/**
 * @param {Project} project
 * @param {Target} target
 * @param {string} ending
 */
export function fileName({ name, version }, target, ending) {
  return `${name}_${version}_${target.name}${ending}`;
}

/**
 * @param {Project} project
 * @param {Target} target
 */
export function archiveName(project, target) {
  return fileName(project, target, target.os === 'win32' ? '.zip' : '.tar.gz');
}
