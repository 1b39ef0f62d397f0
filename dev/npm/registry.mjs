import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Program } from '../demo/program.mjs';
import { freePort } from '../idp/loopback.mjs';
import { inRepository } from '../setup/repository.mjs';
import { tool } from './tools.mjs';

/** It knows nothing but what is published to it, and everyone may do that. */
const CONFIGURATION = `
storage: ./storage
uplinks: {}
packages:
  '**': { access: $all, publish: $all }
web: { enable: false }
max_body_size: 200mb
log: { type: stdout, format: pretty, level: http }
`;

/** An npm registry on loopback, empty at first. */
export class Registry {
  #verdaccio;

  /**
   * @param {number} port
   * @param {Program} verdaccio
   */
  constructor(port, verdaccio) {
    this.url = `http://127.0.0.1:${port}/`;
    this.#verdaccio = verdaccio;
  }

  /** @param {string} logs a folder in the checkout */
  static async start(logs) {
    const folder = inRepository(logs, 'registry');
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const configuration = join(folder, 'verdaccio.yaml');
    await writeFile(configuration, CONFIGURATION);
    const port = await freePort();
    const line = [process.execPath, tool('verdaccio/bin/verdaccio'), '--config', configuration, '--listen', `127.0.0.1:${port}`];
    const verdaccio = new Program('registry', ['-c', 'exec "$@" >&2', 'sh', ...line], {}, 'sh', logs);
    await verdaccio.line(/http address/);
    return new Registry(port, verdaccio);
  }

  async stop() {
    await this.#verdaccio.stop();
  }
}
