/** For tests: the launcher and packages for systems, as a package manager leaves them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { COMMAND, launcherManifest, NAME } from './packages.mjs';

const VERSION = '1.2.3';

/** The package for the system that the tests run on. */
export const HERE = `${process.platform}-${process.arch}`;

/** An installation of its own, in a folder that is removed with it. */
export class InstalledLauncher {
  /** @type {import('node:child_process').ChildProcess[]} */
  #started = [];

  /**
   * @param {string} root
   * @param {string} modules the node_modules
   */
  constructor(root, modules) {
    this.root = root;
    this.modules = modules;
    this.folder = join(modules, NAME);
    this.launcher = join(this.folder, 'launcher.js');
  }

  /** @param {string} [below] where in the folder the node_modules are, `project/node_modules` unless said */
  static async make(below = 'project/node_modules') {
    const root = await realpath(await mkdtemp(join(tmpdir(), 'launcher-')));
    const installed = new InstalledLauncher(root, join(root, below));
    await cp(join(import.meta.dirname, 'launcher'), installed.folder, { recursive: true });
    await writeFile(join(installed.folder, 'package.json'), JSON.stringify(launcherManifest({ version: VERSION })));
    await writeFile(join(installed.modules, '../package.json'), '{}');
    return installed;
  }

  /**
   * Adds the package for a system.
   *
   * @param {string} system
   * @param {{version?: string, script?: string, mode?: number}} [content] a script stands for the program
   * @returns {Promise<string>} the program's path
   */
  async add(system, { version = VERSION, script = 'exit 0', mode = 0o755 } = {}) {
    const folder = join(this.modules, `${NAME}-${system}`);
    const program = join(folder, 'bin', system.startsWith('win32') ? `${COMMAND}.exe` : COMMAND);
    await mkdir(join(folder, 'bin'), { recursive: true });
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: `${NAME}-${system}`, version }));
    await writeFile(program, `#!/bin/sh\n${script}\n`);
    await chmod(program, mode);
    return program;
  }

  /**
   * What the launcher's code takes for the machine.
   *
   * @param {string} system
   * @param {Record<string, string>} [env]
   */
  machine(system, env = {}) {
    const [platform = '', arch = ''] = system.split('-');
    return { platform, arch, folder: this.folder, resolve: createRequire(this.launcher).resolve, env };
  }

  /** The launcher's own manifest. */
  get manifest() {
    return launcherManifest({ version: VERSION });
  }

  /** @param {string[]} line a command @param {Record<string, string>} [variables] */
  start([program = '', ...args], variables = {}) {
    const child = spawn(program, args, { env: { ...process.env, ...variables }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#started.push(child);
    return child;
  }

  /**
   * Runs the launcher to its end.
   *
   * @param {string[]} [args]
   * @param {Record<string, string>} [variables]
   */
  async run(args = [], variables = {}) {
    return outcome(this.start([process.execPath, this.launcher, ...args], variables));
  }

  async remove() {
    this.#started.forEach((child) => child.kill('SIGKILL'));
    await rm(this.root, { recursive: true, force: true });
  }
}

/** @param {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, import('node:stream').Readable>} child */
export async function outcome(child) {
  const [[code, signal], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  return { code, signal, stdout, stderr };
}
