import { availableParallelism } from 'node:os';

/** The server under measurement has this processor to itself. */
export const SERVER = '0';

/** All else runs here: the load and the parties, which share the second of two processors. */
export const LOAD = availableParallelism() > 2 ? `1-${availableParallelism() - 1}` : '1';

/** @param {string} processors @param {string[]} line @returns {string[]} the command, kept to these processors */
export function keptTo(processors, line) {
  return ['taskset', '--cpu-list', processors, ...line];
}
