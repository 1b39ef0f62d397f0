import { execFile } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';

import { plainEnvironment, Program } from '../demo/program.mjs';
import { runCommand } from '../setup/command.mjs';
import { inRepository } from '../setup/repository.mjs';
import { WINDOWS_PROGRAM } from './windows-build.mjs';

/** @typedef {{code: number, stdout: string, stderr: string}} Ended */

/** Where a user's private files lie on drive C. */
const LOCAL_APP_DATA = /users\/[^/]+\/AppData\/Local\/backstage-oidc-helper\//;

/** A Windows of its own: a new registry, and a drive C without files of the program's. */
export class Wine {
  #variables;
  #drive;

  /**
   * @param {string} logs a folder in the checkout
   * @param {string} prefix
   */
  constructor(logs, prefix) {
    this.logs = logs;
    this.#drive = join(prefix, 'drive_c');
    this.#variables = {
      WINEPREFIX: prefix,
      WINEDEBUG: '-all',
      // It would ask for a Mono and a Gecko, which nothing here uses.
      WINEDLLOVERRIDES: 'mscoree,mshtml=',
      DISPLAY: '',
    };
  }

  /** @param {string} logs a folder in the checkout */
  static async start(logs) {
    const prefix = inRepository(logs, 'wine');
    await rm(prefix, { recursive: true, force: true });
    await mkdir(inRepository(logs), { recursive: true });
    const wine = new Wine(logs, prefix);
    await runCommand({ line: ['wineboot', '--init'], variables: wine.#variables, log: inRepository(logs, 'wineboot.log') });
    return wine;
  }

  /**
   * Has Windows open links with a program of this machine, as its default browser.
   *
   * @param {string} program
   */
  async setDefaultBrowser(program) {
    const key = ['HKCU\\Software\\Wine\\WineBrowser', '/v', 'Browsers', '/d', program, '/f'];
    await runCommand({ line: ['wine', 'reg', 'add', ...key], variables: this.#variables, log: inRepository(this.logs, 'wineboot.log') });
  }

  /**
   * Runs the program to its end.
   *
   * @param {string[]} args
   * @param {Record<string, string>} [variables]
   * @param {string[]} [program] what is run instead of the program itself
   * @returns {Promise<Ended>}
   */
  async run(args, variables = {}, program = [WINDOWS_PROGRAM]) {
    const env = { ...plainEnvironment(), ...this.#variables, ...variables };
    const failure = (/** @type {Ended} */ ended) => ended;
    return promisify(execFile)('wine', [...program, ...args], { env }).then((ended) => ({ ...ended, code: 0 }), failure);
  }

  /**
   * @param {string} name of its log
   * @param {string[]} args
   * @param {Record<string, string>} [variables]
   * @param {string[]} [program] what is run instead of the program itself
   */
  begin(name, args, variables = {}, program = [WINDOWS_PROGRAM]) {
    return new Program(name, [...program, ...args], { ...this.#variables, ...variables }, 'wine', this.logs);
  }

  /** @returns {Promise<string[]>} the private files of the program, and those that lie elsewhere on drive C with their path */
  async privateFiles() {
    const entries = await readdir(this.#drive, { recursive: true, withFileTypes: true });
    const paths = entries.filter((entry) => entry.isFile()).map((entry) => relative(this.#drive, join(entry.parentPath, entry.name)));
    return paths.filter((path) => path.includes('backstage-oidc-helper')).map((path) => path.replace(LOCAL_APP_DATA, ''));
  }

  /** Ends all that still runs in it. */
  async stop() {
    await runCommand({ line: ['wineserver', '--kill'], variables: this.#variables, log: inRepository(this.logs, 'wineboot.log') }).catch(() => {});
  }
}
