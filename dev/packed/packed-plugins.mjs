import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { runCommand } from '../setup/command.mjs';
import { inRepository } from '../setup/repository.mjs';

/** The plugins as npm would get them, unpacked where their dependencies are found, as in somebody's app. */
export class PackedPlugins {
  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
    this.log = join(folder, 'packed.log');
  }

  static async create() {
    const around = inRepository('backstage/node_modules/.cache');
    await mkdir(around, { recursive: true });
    return new PackedPlugins(await mkdtemp(join(around, 'packed-')));
  }

  /**
   * Builds and packs a plugin, and unpacks it.
   *
   * @param {string} plugin its folder's name
   * @returns {Promise<{manifest: Record<string, unknown>, folder: string}>}
   */
  async install(plugin) {
    const source = inRepository('backstage/plugins', plugin);
    const folder = join(this.folder, 'node_modules/@backstage-oidc-helper', `plugin-${plugin}`);
    await mkdir(folder, { recursive: true });
    await this.run(['npm', 'run', 'build'], source);
    await this.run(['npm', 'pack', '--pack-destination', this.folder], source);
    const name = (await readdir(this.folder)).find((file) => file.startsWith(`backstage-oidc-helper-plugin-${plugin}-0`));
    await this.run(['tar', '-xzf', `${name}`, '--strip-components=1', '-C', folder], this.folder);
    return { manifest: JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')), folder };
  }

  /**
   * @param {string[]} line
   * @param {string} folder
   */
  async run(line, folder) {
    await runCommand({ line, folder, log: this.log });
  }

  async remove() {
    await rm(this.folder, { recursive: true });
  }
}
