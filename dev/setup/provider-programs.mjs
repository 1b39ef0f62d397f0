import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { runCommand } from './command.mjs';
import { goFor } from './go.mjs';
import { inRepository } from './repository.mjs';

/** The Go module that pins Dex and the library with Zitadel's example server. */
const MODULE = inRepository('dev/providers');
const DEX = 'github.com/dexidp/dex/cmd/dex';

const KEYCLOAK = {
  version: '26.4.7',
  sha256: 'dd9834c023460be856f731423d86228c23b5d002194a2064642bec0cc6573eaa',
};
const KEYCLOAK_ARTIFACT = `org.keycloak:keycloak-quarkus-dist:${KEYCLOAK.version}:zip`;
const DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';
/** Its database is a file; what it is built with cannot be changed when it starts. */
const KEYCLOAK_BUILD = ['--db=dev-file'];

/** @param {string[]} parts @returns {string} */
function hashOf(parts) {
  const hash = createHash('sha256');
  parts.forEach((part) => hash.update(part));
  return hash.digest('hex').slice(0, 12);
}

/** @returns {string} the folder of the programs that Go builds: another one for each content of the module */
function goFolder() {
  const files = ['go.mod', 'go.sum', 'zitadel/main.go'].map((file) => readFileSync(join(MODULE, file), 'utf8'));
  return inRepository('target/tools', `go-providers-${hashOf(files)}`);
}

/** @returns {string} */
function keycloakFolder() {
  return inRepository('target/tools', `keycloak-${hashOf([JSON.stringify(KEYCLOAK), ...KEYCLOAK_BUILD])}`);
}

/** Where they are, by the variables that tests/providers reads. */
export function providerPrograms() {
  return {
    DEX: join(goFolder(), 'dex'),
    ZITADEL: join(goFolder(), 'zitadel'),
    KEYCLOAK: join(keycloakFolder(), `keycloak-${KEYCLOAK.version}`),
  };
}

export function goProvidersAreThere() {
  return existsSync(goFolder());
}

export function keycloakIsThere() {
  return existsSync(keycloakFolder());
}

/** @param {string} log */
export async function buildGoProviders(log) {
  const go = await goFor(MODULE, log);
  await installInto(goFolder(), async (folder) => {
    for (const [name, what] of /** @type {const} */ ([['dex', DEX], ['zitadel', './zitadel']])) {
      const line = [go, 'build', '-trimpath', '-buildvcs=false', '-o', join(folder, name), what];
      // Dex' SQLite is C.
      await runCommand({ line, folder: MODULE, variables: { CGO_ENABLED: '1' }, log });
    }
  });
}

/** @param {string} log */
export async function installKeycloak(log) {
  await installInto(keycloakFolder(), async (folder) => {
    await maven(['copy', `-Dartifact=${KEYCLOAK_ARTIFACT}`, `-DoutputDirectory=${folder}`], { folder, log });
    const zip = join(folder, `keycloak-quarkus-dist-${KEYCLOAK.version}.zip`);
    const sha256 = createHash('sha256').update(await readFile(zip)).digest('hex');
    if (sha256 !== KEYCLOAK.sha256) {
      throw new Error(`Keycloak ${KEYCLOAK.version} is not the one that dev/setup/provider-programs.mjs pins: its SHA-256 is ${sha256}`);
    }
    await rm(zip);
    await maven(['unpack', `-Dartifact=${KEYCLOAK_ARTIFACT}`, `-DoutputDirectory=${folder}`], { folder, log });
    const script = join(folder, `keycloak-${KEYCLOAK.version}`, 'bin/kc.sh');
    await runCommand({ line: [script, 'build', ...KEYCLOAK_BUILD], log });
  });
}

/**
 * Without a project the plugin leaves a marker in the folder in which it runs, and no option names another place.
 *
 * @param {string[]} options the goal of the dependency plugin first
 * @param {{folder: string, log: string}} where it runs, and its log
 */
function maven([goal = '', ...options], { folder, log }) {
  return runCommand({ line: ['mvn', '--quiet', '--batch-mode', `${DEPENDENCY_PLUGIN}:${goal}`, ...options], folder, log });
}

/**
 * The folder gets its name when it is complete: an interrupted installation is not taken for one.
 *
 * @param {string} folder
 * @param {(unfinished: string) => Promise<void>} install
 */
async function installInto(folder, install) {
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(dirname(unfinished), { recursive: true });
  await mkdir(unfinished);
  await install(unfinished);
  await rename(unfinished, folder);
}
