import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts processor time for other programs in hundredths of a second, whatever it has inside. */
const TICKS_PER_SECOND = 100;

/**
 * @typedef {object} Stat
 * @property {number} parent
 * @property {number} ticks processor time of its own, and of its children that have ended
 */

/**
 * @param {string} text of /proc/PID/stat: the name, in parentheses, may hold anything
 * @returns {Stat}
 */
export function readStat(text) {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number);
  const [, parent = 0] = fields;
  return { parent, ticks: fields.slice(11, 15).reduce((all, ticks) => all + ticks, 0) };
}

/** @param {number} pid @returns {Stat | undefined} nothing where it has ended */
function statOf(pid) {
  try {
    return readStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * @param {number} root a process
 * @param {Map<number, Stat>} all
 * @returns {number[]} it, its children, and theirs
 */
export function familyOf(root, all) {
  const family = [root];
  for (const member of family) {
    family.push(...[...all].filter(([, { parent }]) => parent === member).map(([pid]) => pid));
  }
  return family;
}

/** @returns {Map<number, Stat>} of all processes */
function allStats() {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  return new Map(pids.flatMap((pid) => {
    const stat = statOf(pid);
    return stat ? [[pid, stat]] : [];
  }));
}

/** @param {number} root @returns {number} the processor seconds of a server so far: all of its processes, those included that have ended */
export function processorSeconds(root) {
  const all = allStats();
  return familyOf(root, all).reduce((sum, pid) => sum + (all.get(pid)?.ticks ?? 0), 0) / TICKS_PER_SECOND;
}

/** @param {number} root @returns {number} what a server has resident: all of its processes, in KiB */
export function residentKib(root) {
  return familyOf(root, allStats()).reduce((sum, pid) => sum + memoryOf(pid, 'VmRSS'), 0);
}

/**
 * @param {number} pid
 * @param {'VmRSS' | 'VmHWM'} what memory now, or at most so far
 * @returns {number} in KiB
 */
export function memoryOf(pid, what) {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').split('\n').find((one) => one.startsWith(`${what}:`));
  return Number(/(\d+) kB/.exec(line ?? '')?.[1]);
}
