import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';

import { inRepository } from '../setup/repository.mjs';

/** The program, as `cargo build` leaves it. */
export const PROGRAM = inRepository('target/debug/backstage-oidc-helper');

/** Longer than any step takes, also on a machine that has other work. */
const PATIENCE_MS = 180_000;

/**
 * The environment without variables that would change the demo, such as settings of a real Backstage. What the helper remembers stays
 * here: the demo's Backstage is not to become the default of this user's commands.
 *
 * @returns {NodeJS.ProcessEnv}
 */
export function plainEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => !/^(BACKSTAGE_.*|CLUSTER|LISTEN|LOG_FORMAT|RUST_LOG)$/.test(name));
  return { ...Object.fromEntries(kept), XDG_STATE_HOME: inRepository('target/demo/state') };
}

/** A role of the program, or another command, in a process of its own; a caller can wait for a line of its log. */
export class Program {
  #child;
  #exited;
  /** @type {string[]} */
  #lines = [];
  #input;

  /**
   * Starts it.
   *
   * @param {string} name of its log
   * @param {string[]} args
   * @param {Record<string, string>} [variables]
   * @param {string} [command] what is run instead of the program itself
   * @param {string} [logs] the folder of its log
   */
  constructor(name, args, variables = {}, command = PROGRAM, logs = 'target/demo') {
    this.name = name;
    mkdirSync(inRepository(logs), { recursive: true });
    const log = createWriteStream(inRepository(logs, `${name}.log`));
    this.#child = spawn(command, args, { env: { ...plainEnvironment(), ...variables }, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#exited = once(this.#child, 'exit');
    this.#input = createInterface({ input: this.#child.stderr });
    this.#input.on('line', (line) => {
      // A terminal's colours are not what a caller waits for.
      this.#lines.push(stripVTControlCharacters(line));
      log.write(`${line}\n`);
    });
  }

  /**
   * @param {RegExp} pattern
   * @returns {Promise<string>} the first line like that, also one already written
   * @throws with its last line when it ends before, or takes too long
   */
  async line(pattern) {
    const ended = this.#exited.then(() => 'ended');
    const timeout = AbortSignal.timeout(PATIENCE_MS);
    for (let news = ''; ; ) {
      const found = this.#lines.find((line) => pattern.test(line));
      if (found !== undefined) {
        return found;
      }
      if (news) {
        throw new Error(`the ${this.name} ${news}; the last it said was: ${this.#lines.at(-1) ?? 'nothing'}`);
      }
      const line = once(this.#input, 'line', { signal: timeout }).then(() => '', () => 'does not go on');
      news = await Promise.race([line, ended]);
    }
  }

  /** What it has said so far. @returns {readonly string[]} */
  get lines() {
    return this.#lines;
  }

  /** Its process. */
  get number() {
    return this.#child.pid;
  }

  /** @returns {Promise<number | null>} the exit code */
  async exit() {
    return (await this.#exited)[0];
  }

  /** As Ctrl-C does. */
  interrupt() {
    this.#child.kill('SIGINT');
  }

  /** Kills it, as a crash would. */
  kill() {
    this.#child.kill('SIGKILL');
  }

  async stop() {
    this.#child.kill();
    await this.#exited;
  }
}
