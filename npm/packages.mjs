/** The npm packages: a launcher, and one package with the program for each system. */
import { THIRD_PARTY } from '../dev/release/licenses/texts.mjs';
import { repositoryOf } from '../dev/release/project.mjs';
import { TARGETS } from '../dev/release/targets.mjs';

/** Where the packages belong; publishing there needs its owner. */
export const SCOPE = '@backstage';

/** The launcher's name. */
export const NAME = `${SCOPE}/oidc-helper`;

/** The command that it installs. */
export const COMMAND = 'backstage-oidc-helper';

/** @typedef {import('../dev/release/targets.mjs').Target} Target */

/**
 * @typedef {object} Release what all packages of one release share
 * @property {string} version
 * @property {string} [repository] the address of the source, which provenance is checked against
 */

/**
 * @param {string} cargoToml its content
 * @param {NodeJS.ProcessEnv} environment where a workflow runs, npm compares the source with it
 * @returns {Release}
 */
export function readRelease(cargoToml, environment) {
  const [own = ''] = /^\[package\]\n(?:[^[\n].*\n|\n)*/m.exec(cargoToml) ?? [];
  const [, version] = /^version = "(.+)"$/m.exec(own) ?? [];
  if (version === undefined) {
    throw new Error('Cargo.toml names no version of the package');
  }
  const [, named] = /^repository = "(.+)"$/m.exec(own) ?? [];
  const repository = repositoryOf(environment, named);
  return repository === undefined ? { version } : { version, repository };
}

/** @param {Target} target @returns {string} the name of its package */
export function packageFor({ os, cpu }) {
  return `${NAME}-${os}-${cpu}`;
}

/**
 * The launcher's manifest. It has no install script: package managers choose the package for the system by `os` and `cpu`.
 *
 * @param {Release} release
 */
export function launcherManifest(release) {
  return {
    ...shared(NAME, release),
    description: 'Own Kubernetes access inside Backstage: the helper that serves http://localhost:8000/ during a login',
    keywords: ['backstage', 'kubernetes', 'oidc', 'login'],
    type: 'commonjs',
    bin: { [COMMAND]: 'launcher.js' },
    files: ['*.js'],
    engines: { node: '>=20' },
    // Exactly the same version: they are published together, and npm would otherwise take an older one that a lock file has.
    optionalDependencies: Object.fromEntries(TARGETS.map((target) => [packageFor(target), release.version])),
  };
}

/**
 * The manifest of the package with the program for a system. The Linux ones go with every C library, since the programs are static.
 *
 * @param {Target} target
 * @param {Release} release
 */
export function platformManifest(target, release) {
  return {
    ...shared(packageFor(target), release),
    description: `The program of ${NAME} for ${target.os} on ${target.cpu}; install ${NAME}, which chooses it`,
    os: [target.os],
    cpu: processorsOf(target),
    files: ['bin', THIRD_PARTY],
  };
}

/**
 * Windows on arm64 runs programs for x64, and there is none for itself.
 *
 * @param {Target} target
 */
function processorsOf({ os, cpu }) {
  const hasOwn = TARGETS.some((other) => other.os === 'win32' && other.cpu === 'arm64');
  return os === 'win32' && cpu === 'x64' && !hasOwn ? ['x64', 'arm64'] : [cpu];
}

/**
 * @param {string} name
 * @param {Release} release
 */
function shared(name, { version, repository }) {
  return {
    name,
    version,
    license: 'Apache-2.0',
    ...(repository === undefined ? {} : { repository: { type: 'git', url: `git+${repository}.git` } }),
    publishConfig: { access: 'public', provenance: true },
  };
}
