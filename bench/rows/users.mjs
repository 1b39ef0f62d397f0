import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { REPOSITORY } from '../../dev/setup/repository.mjs';
import { ALL, keptTo } from '../measuring/processors.mjs';
import { rowOf } from './row.mjs';

/** @typedef {{bytes: number, besideTokens: number, statusMs: number, peakMib: number}} Users */

const COUNTS = [1_000, 10_000, 100_000, 1_000_000];

/** Builds and runs tests/million.rs, which makes the logins. */
export const MILLION = ['cargo', 'test', '--release', '--locked', '--quiet', '--test', 'million'];

/** What a user costs as there are more of them. @type {import('./row.mjs').Group} */
export const USERS = {
  name: 'users',
  measure: async () => [await rowOf({
    title: 'Users kept',
    about: 'Logins in Redis, one a user, by tests/million.rs, once each: what Redis holds for a user, and what a release backend takes beside a sweep over all of them.',
    columns: [
      { figure: 'bytes', heading: 'bytes a user', digits: 0 },
      { figure: 'besideTokens', heading: 'of them beside the tokens', digits: 0 },
      { figure: 'statusMs', heading: 'median of GET /status, ms', digits: 1 },
      { figure: 'peakMib', heading: 'most memory of the backend, MiB', digits: 0 },
    ],
  }, COUNTS.map((count) => ({ name: `${count.toLocaleString('en-US')} users`, sample: () => usersKept(count) })), 1, 'cold')],
};

/** @param {number} count @returns {Promise<Users>} */
async function usersKept(count) {
  const [command = '', ...args] = keptTo(ALL, MILLION);
  const { stdout } = await promisify(execFile)(command, args, { cwd: REPOSITORY, env: { ...process.env, LOGINS: String(count) } });
  return readMillion(stdout);
}

/** @param {string} text what tests/million.rs says @returns {Users} */
export function readMillion(text) {
  const line = text.split('\n').find((one) => one.startsWith('million: ok'));
  const [, bytes, besideTokens] = /(\d+) bytes a user, (\d+) of them/.exec(line ?? '') ?? [];
  const [, peakMib] = /peak of (\d+) MiB; \/status/.exec(line ?? '') ?? [];
  const [, statusMs] = /\/status ([\d.]+) ms/.exec(line ?? '') ?? [];
  const found = [bytes, besideTokens, statusMs, peakMib].map(Number);
  if (found.some(Number.isNaN)) {
    throw new Error(`tests/million.rs says something else: ${text.slice(-500)}`);
  }
  const [all = 0, beside = 0, status = 0, peak = 0] = found;
  return { bytes: all, besideTokens: beside, statusMs: status, peakMib: peak };
}
