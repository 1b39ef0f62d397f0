import { Program } from '../demo/program.mjs';

/** Where the logs of the environment are. */
export const LOGS = 'target/test-output/backstage';

/**
 * The program in one of its roles.
 *
 * @param {string} role
 * @param {Record<string, string>} variables
 */
export function startRole(role, variables) {
  return new Program(role, [role], { LOG_FORMAT: 'json', ...variables }, undefined, LOGS);
}

/**
 * Somebody else's program, which logs to standard output.
 *
 * @param {string} name
 * @param {string[]} line the command
 * @param {{folder?: string, variables?: Record<string, string>}} [options]
 */
export function startProgram(name, line, { folder = '.', variables = {} } = {}) {
  return new Program(name, ['-c', 'cd "$0" && exec "$@" >&2', folder, ...line], variables, 'sh', LOGS);
}
