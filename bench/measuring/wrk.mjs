import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { inRepository } from '../../dev/setup/repository.mjs';

const SCRIPT = fileURLToPath(new URL('wrk.lua', import.meta.url));

/**
 * @typedef {object} Asked one request
 * @property {string} [method]
 * @property {string} path
 * @property {string} [bearer]
 * @property {string} [body]
 */

/**
 * @typedef {object} Load
 * @property {string} url of the server, without a path
 * @property {Asked[]} requests in turn
 * @property {boolean} [once] each is sent once, and the turn ends when they run out
 * @property {string} [cookie]
 * @property {number} connections
 * @property {number} seconds
 */

/**
 * @typedef {object} Report what wrk counted
 * @property {number} requests
 * @property {number} microseconds how long it took
 * @property {number} bytes of all answers, with their heads
 * @property {number} wrongStatus
 * @property {number} broken connections
 * @property {number} timeouts
 * @property {number} median of the latency, in microseconds
 * @property {number} slowest
 * @property {number} processor seconds that wrk itself has used
 */

/**
 * Loads a server, from a process of its own.
 *
 * @param {Load} load
 * @returns {Promise<Report>}
 */
export async function runWrk({ url, requests, once = false, cookie = '', connections, seconds }) {
  const list = inRepository('target/bench/requests.txt');
  const lines = requests.map(({ method = 'GET', path, bearer = '', body = '' }) => `${method}\t${path}\t${bearer}\t${body}\n`);
  await writeFile(list, lines.join(''));
  const amount = ['--threads', '1', '--connections', String(connections), '--duration', `${seconds}s`, '--timeout', '10s'];
  const { stdout } = await promisify(execFile)('wrk', [...amount, '--script', SCRIPT, url, '--', list, once ? 'once' : 'again', cookie]);
  const report = stdout.split('\n').find((line) => line.startsWith('{'));
  if (report === undefined) {
    throw new Error(`wrk has counted nothing: ${stdout}`);
  }
  return JSON.parse(report);
}
