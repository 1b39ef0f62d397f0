import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a fake machine changes in this process, and gives back. */
const VARIABLES = ['PATH', 'HOME', 'CHROMIUM', 'APT_ASKED'];

/** A machine with few programs, for tests; its apt-get is a fake that notes what it is asked for. */
export class FakeMachine {
  #before = VARIABLES.map((name) => /** @type {const} */ ([name, process.env[name]]));

  /** @param {string} folder holds its programs */
  constructor(folder) {
    this.folder = folder;
    process.env['APT_ASKED'] = join(folder, 'asked');
    process.env['PATH'] = folder;
    process.env['HOME'] = folder;
    delete process.env['CHROMIUM'];
  }

  /** @param {string[]} programs what is installed, besides apt-get and sudo */
  static async with(...programs) {
    const machine = new FakeMachine(await mkdtemp(join(tmpdir(), 'setup-')));
    await machine.#program('apt-get', '#!/bin/sh\necho "$@" "($# words)" >>"$APT_ASKED"\n');
    await machine.#program('sudo', '#!/bin/sh\n[ "$1" = --preserve-env=DEBIAN_FRONTEND ] && shift\nexec "$@"\n');
    for (const name of programs) {
      await machine.#program(name, '#!/bin/sh\n');
    }
    return machine;
  }

  get log() {
    return join(this.folder, 'log');
  }

  /** @returns {Promise<string>} what its apt-get was asked for */
  asked() {
    return readFile(join(this.folder, 'asked'), 'utf8').catch(() => '');
  }

  /** @param {string} name @param {string} text */
  async #program(name, text) {
    const path = join(this.folder, name);
    await writeFile(path, text);
    await chmod(path, 0o755);
  }

  async remove() {
    for (const [name, value] of this.#before) {
      delete process.env[name];
      if (value !== undefined) {
        process.env[name] = value;
      }
    }
    await rm(this.folder, { recursive: true });
  }
}
