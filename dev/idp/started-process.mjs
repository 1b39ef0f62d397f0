import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} StartedProcess
 * @property {{ issuer: string, port: number, clientId: string, role: string, lies: string[], profiles: string[] }}
 *   announcement the line of JSON the program prints when it is ready; `lies` and `profiles` only where it lies
 * @property {string[]} stdout every line of standard output so far
 * @property {(signal?: NodeJS.Signals) => Promise<number | null>} stop ends the process (by closing its standard input
 *   when no signal is named) and gives its exit code
 */

/**
 * Starts one of the development servers as a process of its own.
 *
 * @param {string} script beside this file
 * @param {string[]} options
 * @returns {Promise<StartedProcess>}
 * @throws when it ends before it is ready
 */
export async function startProcess(script, options = []) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path, '--exit-with-stdin', ...options], { stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  /** @type {string[]} */
  const stdout = [];
  lines.on('line', (line) => stdout.push(line));
  const [first] = await Promise.race([once(lines, 'line'), exited.then(([code]) => [new Error(`${script} ended (${code})`)])]);
  if (first instanceof Error) {
    throw first;
  }
  return {
    announcement: JSON.parse(first),
    stdout,
    stop: async (signal) => {
      if (signal) {
        child.kill(signal);
      } else {
        child.stdin.end();
      }
      const [code] = await exited;
      return code;
    },
  };
}
