'use strict';

const { readFileSync } = require('node:fs');
const { dirname, join } = require('node:path');

const { remedy } = require('./remedy.js');
const { Refusal } = require('./refusal.js');

/**
 * @typedef {object} Manifest the launcher's own package.json
 * @property {string} name
 * @property {string} version
 * @property {Record<string, string>} optionalDependencies the packages for each system
 */

/**
 * @typedef {object} Machine
 * @property {string} platform as `process.platform`
 * @property {string} arch as `process.arch`
 * @property {string} folder where the launcher is
 * @property {(request: string) => string} resolve as `require.resolve`, from that folder
 * @property {Record<string, string | undefined>} env
 */

/**
 * @typedef {object} Found
 * @property {string} program its path
 * @property {'native' | 'perhaps'} fits whether it is for the processor that Node runs on, or for one that the system may imitate
 */

const PROGRAM = 'backstage-oidc-helper';

/**
 * Other processors with programs that run there: Rosetta translates, and a translated Node can start programs that are not; Windows
 * on arm64 imitates x64.
 *
 * @type {Record<string, string[]>}
 */
const ALSO = { 'darwin-arm64': ['darwin-x64'], 'darwin-x64': ['darwin-arm64'], 'win32-arm64': ['win32-x64'] };

/**
 * @param {Manifest} own
 * @param {Machine} machine
 * @returns {Found}
 * @throws {Refusal}
 */
function findProgram(own, machine) {
  const system = `${machine.platform}-${machine.arch}`;
  const packages = [system, ...(ALSO[system] ?? [])].map((one) => `${own.name}-${one}`).filter((name) => name in own.optionalDependencies);
  const [best] = packages;
  if (best === undefined) {
    throw new Refusal('notFound', noneFor(system, own));
  }
  for (const name of packages) {
    const manifest = resolved(`${name}/package.json`, machine);
    if (manifest !== undefined) {
      checkVersion(name, manifest, own, machine);
      const file = machine.platform === 'win32' ? `${PROGRAM}.exe` : PROGRAM;
      return { program: join(dirname(manifest), 'bin', file), fits: name === `${own.name}-${system}` ? 'native' : 'perhaps' };
    }
  }
  throw new Refusal(
    'notFound',
    `${best}, which ${own.name} needs here, is not installed (a lock file made on another system leaves it out, and so does an installation ` +
      `without optional packages): ${remedy(best, own, machine)}`,
  );
}

/**
 * @param {string} system
 * @param {Manifest} own
 */
function noneFor(system, { name, optionalDependencies }) {
  const systems = Object.keys(optionalDependencies).map((one) => one.slice(name.length + 1));
  return (
    `${name} has no program for ${system}, only for ${systems.join(', ')}: use a Node for one of these, the container image, or a program that ` +
    'you build from its source with cargo.'
  );
}

/**
 * @param {string} request
 * @param {Machine} machine
 */
function resolved(request, { resolve }) {
  try {
    return resolve(request);
  } catch {
    return undefined;
  }
}

/**
 * @param {string} name
 * @param {string} path of its manifest
 * @param {Manifest} own
 * @param {Machine} machine
 * @throws {Refusal}
 */
function checkVersion(name, path, own, machine) {
  const { version } = JSON.parse(readFileSync(path, 'utf8'));
  if (version !== own.version) {
    const versions = `${own.name} is version ${own.version} and ${name} version ${version}`;
    throw new Refusal('notFound', `${versions}, and they do not go together: ${remedy(name, own, machine)}`);
  }
}

module.exports = { findProgram };
