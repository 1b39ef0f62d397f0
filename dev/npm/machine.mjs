import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';

import { pathOf } from '../setup/command.mjs';

/** Where the system has its programs. */
const SYSTEM = ['/usr/local/bin', '/usr/bin', '/bin'];

/** The machine of a user who has Node, and a registry, and nothing else: no cache, no configuration, no variables of this process. */
export class Machine {
  /**
   * @param {string} home an empty folder
   * @param {string} node its executable file
   */
  constructor(home, node) {
    this.home = home;
    this.node = node;
  }

  /**
   * @param {string} home
   * @param {string} node
   * @param {string} registry
   */
  static async make(home, node, registry) {
    await mkdir(join(home, 'tmp'), { recursive: true });
    await writeFile(join(home, '.npmrc'), `registry=${registry}\n${registry.replace('http:', '')}:_authToken=none\n`);
    // Yarn takes no version on its first day, and everything in this registry is new.
    const yarn = [`npmRegistryServer: ${registry}`, 'unsafeHttpWhitelist: ["127.0.0.1"]', 'enableTelemetry: false', 'npmMinimalAgeGate: 0'];
    await writeFile(join(home, '.yarnrc.yml'), `${yarn.join('\n')}\n`);
    return new Machine(home, node);
  }

  /** @param {string} name @returns {Promise<string>} an empty folder */
  async folder(name) {
    const folder = join(this.home, name);
    await mkdir(folder);
    return folder;
  }

  /**
   * @param {string[]} line
   * @param {string} folder where it runs
   * @param {Record<string, string>} [more] variables
   * @returns {string[]} the same with the variables that this machine has
   */
  line(line, folder, more = {}) {
    const path = [dirname(this.node), dirname(pathOf('npm') ?? ''), ...SYSTEM].join(':');
    const variables = { HOME: this.home, TMPDIR: join(this.home, 'tmp'), PATH: path, TERM: 'xterm', npm_config_update_notifier: 'false', ...more };
    return ['env', '-i', '-C', folder, ...Object.entries(variables).map(([name, value]) => `${name}=${value}`), ...line];
  }

  /**
   * Runs a command to its end.
   *
   * @param {string[]} line
   * @param {string} folder
   * @param {Record<string, string>} [more]
   */
  async run(line, folder, more) {
    const [program = '', ...args] = this.line(line, folder, more);
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const [[code], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
    return { code, stdout, stderr };
  }
}
