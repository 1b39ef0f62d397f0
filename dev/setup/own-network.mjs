import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

/** @returns {boolean} whether processes can be given a network of their own, in which port 8000 is always free */
export function canHaveOwnNetwork() {
  return process.getuid?.() === 0 && spawnSync('unshare', ['--net', 'true']).status === 0;
}

/**
 * @param {string[]} line a command
 * @returns {string[]} the same in a network of its own, which has nothing but loopback
 */
export function inOwnNetwork(line) {
  return ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...line];
}

/**
 * Runs a command in the foreground of the terminal.
 *
 * @param {string[]} line
 * @returns {Promise<number>} its exit code
 */
export async function runInForeground([program = '', ...args]) {
  const child = spawn(program, args, { stdio: 'inherit' });
  // Ctrl-C reaches the child too: this process waits for it, so that it can stop what it started.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  const [code] = await once(child, 'exit');
  return code ?? 1;
}
