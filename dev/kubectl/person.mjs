import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { PROGRAM } from '../demo/program.mjs';
import { goProgram } from '../setup/go-programs.mjs';
import { Running } from './running.mjs';

/** @typedef {{code: number | null, stdout: string, stderr: string}} Ended */

/** A command that takes longer hangs. */
const PATIENCE_MS = 300_000;

const BROWSER = fileURLToPath(new URL('browser.mjs', import.meta.url));

/** Where both people have rights of some kind. */
const NAMESPACE = 'team-a';

/**
 * @param {string} name
 * @param {string} [more] arguments of browser.mjs
 * @returns {string} the browser of a person, as the program's setting names it
 */
export function browserOf(name, more = '') {
  return `'${process.execPath}' '${BROWSER}' ${name} ${more}`;
}

/** The machine of a person: their kubeconfig, their caches, and the programs. */
export class Person {
  /**
   * @param {string} name
   * @param {string} home
   * @param {Record<string, string>} variables
   */
  constructor(name, home, variables) {
    this.name = name;
    this.home = home;
    this.variables = variables;
  }

  /**
   * With a token of the API server in a kubeconfig.
   *
   * @param {string} name
   * @param {string} home an empty folder, or one that is not there yet
   * @param {{server: string, caFile: string, token: string}} access
   */
  static async withToken(name, home, { server, caFile, token }) {
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'cluster', cluster: { server, 'certificate-authority': caFile } }],
      users: [{ name, user: { token } }],
      contexts: [{ name: 'context', context: { cluster: 'cluster', user: name, namespace: NAMESPACE } }],
      'current-context': 'context',
    };
    const person = await Person.#at(name, home);
    await writeFile(join(home, 'kubeconfig'), JSON.stringify(config), { mode: 0o600 });
    return person;
  }

  /**
   * As docs/kubectl.md says: `login`, then `kubeconfig`; kubectl runs `get-token`, each time, and shows what `variables` hold, or
   * the sign-in that `login` has kept.
   *
   * @param {string} name
   * @param {string} home as above
   * @param {{backend: string, caFile: string, cluster: string}} portal an https address
   * @param {Record<string, string>} variables
   */
  static async ofPortal(name, home, { backend, caFile, cluster }, variables) {
    const person = (await Person.#at(name, home)).with({ BROWSER: browserOf(name), ...variables });
    const where = ['--backend', backend, '--ca-file', caFile, '--cluster', cluster];
    await person.#helper('login', ...where);
    await person.#helper('kubeconfig', ...where, '--current');
    await person.kubectl('config', 'set-context', '--current', '--namespace', NAMESPACE);
    return person;
  }

  /**
   * @param {string} name
   * @param {string} home
   */
  static async #at(name, home) {
    await mkdir(home, { recursive: true });
    const { PATH = '', NODE_EXTRA_CA_CERTS = '' } = process.env;
    // The browser is a Node program.
    /** @type {Record<string, string>} */
    const trusted = NODE_EXTRA_CA_CERTS === '' ? {} : { NODE_EXTRA_CA_CERTS };
    return new Person(name, home, { PATH, HOME: home, KUBECONFIG: join(home, 'kubeconfig'), TERM: 'xterm', KUBECTL_KUBERC: 'false', ...trusted });
  }

  /**
   * @param {Record<string, string>} more variables
   * @returns {Person} the same person, with other settings
   */
  with(more) {
    return new Person(this.name, this.home, { ...this.variables, ...more });
  }

  /**
   * Runs kubectl to its end.
   *
   * @param {string[]} args
   * @returns {Promise<string>} what it prints
   * @throws with what it says when it fails
   */
  async kubectl(...args) {
    const { code, stdout, stderr } = await this.try('kubectl', args);
    if (code !== 0) {
      throw new Error(`kubectl ${args.join(' ')} ended with ${code} for ${this.name}: ${stderr.trim() || stdout.trim()}`);
    }
    return stdout;
  }

  /**
   * @param {import('../setup/go-programs.mjs').GoProgram} program
   * @param {string[]} args
   * @param {string | Buffer} [input]
   * @returns {Promise<Ended>}
   */
  async try(program, args, input = '') {
    const child = this.#spawn(goProgram(program), args);
    // It may end without having read it.
    child.stdin.on('error', () => {}).end(input);
    const [[code], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
    return { code, stdout, stderr };
  }

  /**
   * @param {string[]} args of kubectl
   * @returns {Promise<Buffer>} the bytes that it prints
   */
  async bytes(...args) {
    const child = this.#spawn(goProgram('kubectl'), args);
    child.stdin.end();
    const [[code], bytes, stderr] = await Promise.all([once(child, 'close'), buffer(child.stdout), text(child.stderr)]);
    if (code !== 0) {
      throw new Error(`kubectl ${args.join(' ')} ended with ${code} for ${this.name}: ${stderr.trim()}`);
    }
    return bytes;
  }

  /**
   * @param {string[]} args of kubectl, which goes on until it is stopped
   * @returns {Running}
   */
  begin(...args) {
    return new Running(`kubectl ${args.join(' ')}`, this.#spawn(goProgram('kubectl'), args));
  }

  /**
   * @param {string[]} line a command that gets a terminal
   * @returns {Running} what is written to it are lines for dev/kubectl/go/node/terminal
   */
  terminal(...line) {
    return new Running(line.join(' '), this.#spawn(goProgram('terminal'), line));
  }

  /** @param {string[]} args of this program @throws with what it says when it fails */
  async #helper(...args) {
    await promisify(execFile)(PROGRAM, args, { cwd: this.home, env: this.variables, timeout: PATIENCE_MS });
  }

  /**
   * @param {string} program
   * @param {string[]} args
   */
  #spawn(program, args) {
    return spawn(program, args, { cwd: this.home, env: this.variables, stdio: ['pipe', 'pipe', 'pipe'], timeout: PATIENCE_MS, killSignal: 'SIGKILL' });
  }
}
