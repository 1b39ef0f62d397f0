import { installNodePackages, nodePackagesAreThere } from './node-packages.mjs';
import { inRepository } from './repository.mjs';
import { findRust } from './rust.mjs';
import { say } from './steps.mjs';
import { installSystemPackages, missingPrograms } from './system-packages.mjs';
import { installTools, missingTools } from './tools.mjs';

/** @typedef {import('./needs.mjs').Needs} Needs */

/**
 * Installs what is missing.
 *
 * @param {Needs} needs
 * @param {string} log
 * @returns {Promise<string[]>} the names of what it has installed
 */
export async function setUp(needs, log) {
  return [...(await setUpSystem(needs, log)), ...(await setUpPackages(needs, log))];
}

/**
 * The first half: what apt installs, which the second half and cargo need.
 *
 * @param {Needs} needs
 * @param {string} log
 */
export async function setUpSystem({ programs }, log) {
  findRust();
  return installSystemPackages(programs, { log, say });
}

/**
 * The second half, which mostly waits for the network: cargo can compile meanwhile.
 *
 * @param {Needs} needs
 * @param {string} log
 */
export async function setUpPackages({ folders, tools }, log) {
  const absent = await missingTools(tools, log);
  if (absent.length > 0) {
    say(`Installing ${absent.join(', ')} (a minute or a few, once).`);
    await installTools(absent, log);
  }
  const outdated = await foldersWithoutPackages(folders);
  for (const folder of outdated) {
    say(`Installing the npm packages of ${folder} (up to two minutes, once).`);
    await installNodePackages(inRepository(folder), { log, like: folders.map((other) => inRepository(other)) });
  }
  return [...absent, ...outdated.map(packagesOf)];
}

/**
 * @param {Needs} needs
 * @param {string} log
 * @returns {Promise<string[]>} the names of what is missing; nothing is installed
 */
export async function missing({ programs, folders, tools }, log) {
  findRust();
  const outdated = await foldersWithoutPackages(folders);
  return [...missingPrograms(programs), ...(await missingTools(tools, log)), ...outdated.map(packagesOf)];
}

/** @param {readonly string[]} folders */
async function foldersWithoutPackages(folders) {
  const there = await Promise.all(folders.map((folder) => nodePackagesAreThere(inRepository(folder))));
  return folders.filter((_, at) => !there[at]);
}

/** @param {string} folder */
function packagesOf(folder) {
  return `the npm packages of ${folder}`;
}
