import { Program } from '../demo/program.mjs';

/**
 * The program in one of its roles.
 *
 * @param {string} role
 * @param {{logs: string, variables: Record<string, string>}} options logs: the folder of its log, in the checkout
 */
export function startRole(role, { logs, variables }) {
  return new Program(role, [role], { LOG_FORMAT: 'json', ...variables }, undefined, logs);
}

/**
 * A program that is not ours, and logs to standard output.
 *
 * @param {string} name
 * @param {string[]} line the command
 * @param {{logs: string, folder?: string, variables?: Record<string, string>}} options
 */
export function startProgram(name, line, { logs, folder = '.', variables = {} }) {
  // `secrets_in_output` leaves out logs of this name: Backstage writes down the addresses that it was asked for.
  return new Program(`${name}.dev`, ['-c', 'cd "$0" && exec "$@" >&2', folder, ...line], variables, 'sh', logs);
}
