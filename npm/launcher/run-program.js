'use strict';

const { spawn } = require('node:child_process');
const { accessSync, constants: { X_OK }, existsSync, statSync } = require('node:fs');
const { constants } = require('node:os');
const { isatty } = require('node:tty');

const { Refusal } = require('./refusal.js');

/**
 * @typedef {object} Run
 * @property {string} platform as `process.platform`
 * @property {((file: string, args: string[], env: NodeJS.ProcessEnv) => void) | undefined} execve as `process.execve`, from Node 22.15 and 23.11 on
 */

/** Signals that end programs. A terminal sends the first two to all that run in it. @type {NodeJS.Signals[]} */
const FROM_TERMINAL = ['SIGINT', 'SIGQUIT'];
/** @type {NodeJS.Signals[]} */
const SENT = ['SIGTERM', 'SIGHUP'];

/**
 * Runs the program in this process's place, or as its child where Node cannot do that. Then this process ends as the program did.
 *
 * @param {import('./find-program.js').Found} found
 * @param {string[]} args
 * @param {Run} run
 * @throws {Refusal}
 */
async function runProgram({ program, fits }, args, { platform, execve }) {
  // What execve refuses it does not report: it ends the process with a stack trace.
  if (execve !== undefined && platform !== 'win32' && fits === 'native' && isExecutable(program)) {
    // Node warns that execve is experimental, which is of no use to the user.
    process.emitWarning = () => {};
    execve(program, [program, ...args], process.env);
  }
  await runAsChild(program, args, platform);
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {string} platform
 */
async function runAsChild(program, args, platform) {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let child;
  // Before the child is there: a signal may come as soon as it is, and is handled only after this function has waited.
  const stopPassing = passSignals((signal) => child?.kill(signal), platform);
  child = spawn(program, args, { stdio: 'inherit' });
  const { code, signal } = await ended(child, program);
  stopPassing();
  if (signal !== null) {
    process.exitCode = 128 + constants.signals[signal];
    process.kill(process.pid, signal);
  } else {
    process.exitCode = code ?? 1;
  }
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} program
 * @returns {Promise<{code: number | null, signal: NodeJS.Signals | null}>}
 */
function ended(child, program) {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Refusal('notExecutable', whyNot(program, String(Object(error).code)))));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

/**
 * This process stays until the child ends. In a terminal Ctrl-C reaches the child without it, and must not reach it twice; on Windows a
 * signal that is passed on would kill the child, and consoles send theirs to each process.
 *
 * @param {(signal: NodeJS.Signals) => void} pass
 * @param {string} platform
 * @returns {() => void} ends that
 */
function passSignals(pass, platform) {
  const inTerminal = [0, 1, 2].some((stream) => isatty(stream));
  const passed = platform === 'win32' ? [] : [...SENT, ...(inTerminal ? [] : FROM_TERMINAL)];
  const all = platform === 'win32' ? /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGBREAK', 'SIGHUP']) : [...SENT, ...FROM_TERMINAL];
  const handlers = all.map((signal) => {
    const handler = () => void (passed.includes(signal) && pass(signal));
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return () => handlers.forEach((remove) => remove());
}

/** @param {string} program */
function isExecutable(program) {
  try {
    accessSync(program, X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} program
 * @param {string} code the system's
 */
function whyNot(program, code) {
  if (!existsSync(program)) {
    return `${program} is missing although its package is installed (antivirus programs remove what they do not know): install the package again.`;
  }
  if (code === 'EACCES' && (statSync(program).mode & 0o111) === 0) {
    return `${program} is not executable: run \`chmod +x '${program}'\`, then this again.`;
  }
  if (code === 'EACCES') {
    return (
      `${program} may not be executed where it is (its file system is mounted with noexec, or this machine has a rule against it): install the ` +
      'package in another folder; npx takes the one that npm_config_cache names.'
    );
  }
  return `${program} cannot be run on this machine (${code}): install the package again with a Node for this machine's processor, or use the container image.`;
}

module.exports = { runProgram };
