import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { delimiter, dirname, join, relative } from 'node:path';

import { REPOSITORY } from './repository.mjs';

/**
 * @typedef {object} Command
 * @property {string[]} line the program and its arguments
 * @property {string} [folder] where it runs, the checkout's folder unless said
 * @property {Record<string, string>} [variables] on top of this process's own
 * @property {string} log where its output is appended
 */

/** A command that failed; the message names its log. */
export class CommandFailed extends Error {}

/**
 * Runs a command to its end, with nothing on its standard input.
 *
 * @param {Command} command
 * @throws {CommandFailed}
 */
export async function runCommand({ line: [program = '', ...args], folder = REPOSITORY, variables = {}, log }) {
  await mkdir(dirname(log), { recursive: true });
  const file = await open(log, 'a');
  const child = spawn(program, args, { cwd: folder, env: { ...process.env, ...variables }, stdio: ['ignore', file.fd, file.fd] });
  try {
    const ended = await new Promise((resolve, reject) => {
      child.once('error', reject).once('close', (code, signal) => resolve(code ?? signal));
    });
    if (ended !== 0) {
      throw new CommandFailed(`${[program, ...args].join(' ')} ended with ${ended}: see ${relative(REPOSITORY, log)}`);
    }
  } finally {
    await file.close();
  }
}

/**
 * @param {string} log
 * @param {number} lines
 * @returns {Promise<string>} the last lines of a log
 */
export async function tailOf(log, lines) {
  const text = await readFile(log, 'utf8');
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

/**
 * @param {string} program
 * @returns {boolean} whether it can be run by its name
 */
export function isInstalled(program) {
  return pathOf(program) !== undefined;
}

/**
 * @param {string} program
 * @returns {string | undefined} where it is
 */
export function pathOf(program) {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
