import { cpus } from 'node:os';

/** Those of the machine: the run itself is kept to some of them, which is what Node calls available. */
const COUNT = cpus().length;

/** The server under measurement has this processor to itself. */
export const SERVER = '0';

/** All else runs here: the load and the parties, which share the second of two processors. */
export const LOAD = COUNT > 2 ? `1-${COUNT - 1}` : '1';

/** For what is not measured by its processor time. */
export const ALL = `0-${COUNT - 1}`;

/** @param {string} processors @param {string[]} line @returns {string[]} the command, kept to these processors */
export function keptTo(processors, line) {
  return ['taskset', '--cpu-list', processors, ...line];
}
