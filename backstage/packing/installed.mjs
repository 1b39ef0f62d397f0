import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** @typedef {import('./pack.mjs').Packed} Packed */

/**
 * @typedef {object} Manifest package.json
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [peerDependencies]
 * @property {string} main
 * @property {string} [module]
 * @property {string} types
 * @property {unknown} [exports]
 * @property {string} configSchema
 */

const run = promisify(execFile);

const NODE_MODULES = resolve(import.meta.dirname, '../node_modules');

/** A folder with one package, installed from its tarball, with its dependencies and nothing else. */
export class Installed {
  /**
   * @param {string} name
   * @param {string} folder
   * @param {Manifest} manifest as published
   */
  constructor(name, folder, manifest) {
    this.name = name;
    this.folder = folder;
    this.manifest = manifest;
  }

  /**
   * @param {Packed} packed
   * @param {string[]} more packages of an app around it
   */
  static async from({ name, tarball }, more) {
    const folder = await mkdtemp(join(tmpdir(), 'installed-'));
    const place = join(folder, 'node_modules', name);
    await mkdir(place, { recursive: true });
    await run('tar', ['xzf', tarball, '-C', place, '--strip-components=1']);
    const manifest = JSON.parse(await readFile(join(place, 'package.json'), 'utf8'));
    for (const needed of new Set([...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }), ...more])) {
      const link = join(folder, 'node_modules', needed);
      await mkdir(dirname(link), { recursive: true });
      await symlink(join(NODE_MODULES, needed), link);
    }
    return new Installed(name, folder, manifest);
  }

  /** @param {string} path below the package */
  async read(path) {
    return readFile(join(this.folder, 'node_modules', this.name, path), 'utf8');
  }

  /**
   * Runs a program in the folder.
   *
   * @param {string[]} line
   * @returns {Promise<string>} what it prints
   */
  async run([program = '', ...args]) {
    const { stdout } = await run(program, args, { cwd: this.folder }).catch((error) => {
      throw new Error(`${program} ended with ${error.code}:\n${error.stdout}${error.stderr}`);
    });
    return stdout;
  }
}
