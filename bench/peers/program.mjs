import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { Program } from '../../dev/demo/program.mjs';
import { LOAD, keptTo, SERVER } from '../measuring/processors.mjs';

/** Where the parts of a run write what they say. */
export const LOGS = 'target/bench/logs';

/** How long a server may take to listen. */
const PATIENCE_MS = 20_000;

/**
 * Starts a program on the server's processor.
 *
 * @param {string} name of its log
 * @param {string[]} line
 * @param {Record<string, string>} [variables]
 */
export function serverProgram(name, line, variables = {}) {
  return startOn(SERVER, name, line, variables);
}

/**
 * Starts one on the processor of the load: what stands behind the server.
 *
 * @param {string} name of its log
 * @param {string[]} line
 */
export function partyProgram(name, line) {
  return startOn(LOAD, name, line, {});
}

/**
 * @param {string} processors
 * @param {string} name
 * @param {string[]} line
 * @param {Record<string, string>} variables
 */
function startOn(processors, name, line, variables) {
  const [command = '', ...args] = keptTo(processors, line);
  return new Program(name, args, variables, command, LOGS);
}

/**
 * Waits until a program accepts connections; not every program says when.
 *
 * @param {Program} program
 * @param {number} port
 */
export async function listening(program, port) {
  const deadline = Date.now() + PATIENCE_MS;
  const ended = program.exit().then((code) => `it ended with ${code}`);
  while (!(await accepts(port))) {
    const news = await Promise.race([ended, pause(20, '')]);
    if (news || Date.now() > deadline) {
      throw new Error(`${program.name} does not listen on port ${port}: ${news || 'it takes too long'}; ${program.lines.slice(-3).join(' / ')}`);
    }
  }
}

/** @param {number} port @returns {Promise<boolean>} */
function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** @param {Program} program */
export function pidOf(program) {
  if (program.number === undefined) {
    throw new Error(`${program.name} has not started`);
  }
  return program.number;
}
