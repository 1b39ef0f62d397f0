import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { runCommand } from './command.mjs';
import { inRepository } from './repository.mjs';

/** Programs that cargo compiles from crates, and their versions. */
const VERSIONS = { 'cargo-deb': '3.8.0', 'cargo-cyclonedx': '0.5.9', 'cargo-about': '0.8.4' };

/** @typedef {keyof typeof VERSIONS} CrateProgram */

/** @param {CrateProgram} name */
function folderOf(name) {
  return inRepository('target/tools', `${name}-${VERSIONS[name]}`);
}

/**
 * @param {CrateProgram} name
 * @returns {string} where it is
 */
export function crateProgram(name) {
  return join(folderOf(name), 'bin', name);
}

/** @param {CrateProgram} name */
export function isCompiled(name) {
  return existsSync(folderOf(name));
}

/**
 * @param {CrateProgram} name
 * @param {string} log
 */
export async function compileProgram(name, log) {
  // The folder gets its name when it is complete: an interrupted installation is not taken for one.
  const unfinished = `${folderOf(name)}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  // Beside what cargo installs into its own folder, and with what the other program of these has compiled already.
  const build = inRepository('target/tools/build');
  await runCommand({ line: ['cargo', 'install', '--locked', '--version', VERSIONS[name], '--root', unfinished, '--target-dir', build, name], log });
  await rename(unfinished, folderOf(name));
}
