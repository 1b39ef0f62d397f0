import assert from 'node:assert/strict';
import { readdir, readlink } from 'node:fs/promises';

import { DrivenBrowser } from '../demo/driven-browser.mjs';
import { kept } from '../demo/headless.mjs';
import { Parts } from '../demo/parts.mjs';
import { Program } from '../demo/program.mjs';
import { LoopbackServer } from '../idp/loopback.mjs';
import { logInAtIdp } from '../image/browser-login.mjs';
import { ask } from '../portal/kubernetes-view.mjs';
import { Terminal } from './terminal.mjs';

/** @typedef {import('./installations.mjs').Installation} Installation */

/** The port of the redirect URI. */
const CALLBACK_PORT = 8000;

/** An identity provider, a backend and a browser, for logins by whatever runs the program. */
export class Logins {
  #parts;
  #browser;
  #logs;

  /**
   * @param {string} backend its address
   * @param {{parts: Parts, browser: DrivenBrowser, logs: string}} started
   */
  constructor(backend, { parts, browser, logs }) {
    this.backend = backend;
    this.#parts = parts;
    this.#browser = browser;
    this.#logs = logs;
  }

  /**
   * @param {Parts} parts
   * @param {string} logs a folder in the checkout
   */
  static async start(parts, logs) {
    const [backend, browser] = await Promise.all([parts.start(), DrivenBrowser.start()]);
    return new Logins(backend, { parts, browser: parts.add(browser), logs });
  }

  /**
   * Logs in and out again.
   *
   * @param {Installation} installation
   */
  async logIn(installation) {
    const { name, machine, line } = installation;
    const folder = await machine.folder(`${name} login`);
    const options = ['--backend', this.backend, '--no-browser'];
    const [program = '', ...args] = machine.line([...line, ...options], folder);
    const helper = this.#parts.add(new Program(name.replaceAll(/\W+/g, '-'), args, {}, program, this.#logs));
    const [link] = /http:\/\/localhost:\d+\/go\/\S+/.exec(await helper.line(/\/go\//)) ?? [''];
    await this.#browser.act({ op: 'open', url: link });
    await logInAtIdp(this.#browser);
    assert.equal(await helper.exit(), 0);
    await kept(this.backend);
    const { code, stderr } = await machine.run([...line, 'logout', '--backend', this.backend], folder);
    assert.equal(code, 0, stderr);
    const { body } = await ask(this.backend, '/status');
    assert.equal(Object(body['clusters'])[0]?.connected, false);
  }

  /**
   * Begins a login in a terminal and gives it up.
   *
   * @param {Installation} installation
   */
  async interrupt({ name, machine, line }) {
    const folder = await machine.folder(`${name} interrupted`);
    const terminal = this.#parts.add(new Terminal(machine.line([...line, '--backend', this.backend, '--no-browser'], folder)));
    await terminal.line(/\/go\//);
    assert.ok((await processesOf(machine.home)).length > 0, 'the program that is interrupted is not found among the processes');
    terminal.pressCtrlC();
    assert.equal(await terminal.exit(), 130, name);
    (await LoopbackServer.listen(CALLBACK_PORT)).close();
    assert.deepEqual(await processesOf(machine.home), []);
  }
}

/**
 * @param {string} folder
 * @returns {Promise<string[]>} the programs in it that run
 */
async function processesOf(folder) {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  // A process may end meanwhile.
  const programs = await Promise.all(processes.map((id) => readlink(`/proc/${id}/exe`).catch(() => '')));
  return programs.filter((program) => program.startsWith(`${folder}/`));
}
