import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { CommandFailed, tailOf } from '../setup/command.mjs';
import { say, StepFailed } from '../setup/steps.mjs';
import { MissingProgram } from '../setup/system-packages.mjs';
import { SETUP_LOG } from './podman.mjs';

const LOGINS = fileURLToPath(new URL('logins.mjs', import.meta.url));

/**
 * Logs in through an image, in a network of its own, where the published ports are free.
 *
 * @param {string[]} args of logins.mjs
 */
export async function logInThrough(...args) {
  const inOwnNetwork = ['--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', process.execPath, LOGINS, ...args];
  const child = spawn('unshare', inOwnNetwork, { stdio: 'inherit' });
  // Ctrl-C reaches the child too: this process waits for it, so that it can stop what it started.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  const [code] = await once(child, 'exit');
  if (code !== 0) {
    throw new Error('a login through it failed, as said above; logs are in target/image and target/demo');
  }
}

/**
 * Runs a target's work and ends with its one line.
 *
 * @param {string} target
 * @param {() => string | undefined} whyNot why it cannot be done on this machine
 * @param {() => Promise<string>} work gives the figures
 */
export async function report(target, whyNot, work) {
  try {
    const reason = whyNot();
    if (reason !== undefined) {
      throw new MissingProgram(reason);
    }
    say(`${target}: ok (${await work()})`);
  } catch (error) {
    if (error instanceof StepFailed || error instanceof CommandFailed) {
      say(await tailOf(SETUP_LOG, 20).catch(() => ''));
    }
    say(`${target}: failed (${error instanceof Error ? error.message : error})`);
    process.exitCode = 1;
  }
}
