import { createHash } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { runCommand } from '../setup/command.mjs';
import { inRepository } from '../setup/repository.mjs';

const APP = inRepository('backstage/app/frontend');
const STAMP = join(APP, 'dist/.built-from');

/** The sources of the bundle. */
const SOURCES = ['backstage/app/frontend', 'backstage/plugins', 'backstage/package-lock.json'];

/** Generated folders among the sources. */
const MADE = new Set(['node_modules', 'dist', 'dist-types', 'coverage']);

/**
 * Builds the frontend, unless it was built from the same files already. Backstage inserts its addresses when it serves the bundle.
 *
 * @param {{log: string}} options
 */
export async function buildFrontend({ log }) {
  const hash = await hashOfSources();
  if ((await readFile(STAMP, 'utf8').catch(() => '')) === hash) {
    return;
  }
  await runCommand({ line: ['npm', 'run', 'build'], folder: APP, variables: { NODE_ENV: 'production' }, log });
  await writeFile(STAMP, hash);
}

/** @returns {Promise<string>} of the names and contents of all sources */
async function hashOfSources() {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    for (const path of await filesIn(inRepository(source))) {
      hash.update(`${path}\0`).update(await readFile(path)).update('\0');
    }
  }
  return hash.digest('hex');
}

/**
 * @param {string} path a file or a folder
 * @returns {Promise<string[]>}
 */
async function filesIn(path) {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined);
  if (!entries) {
    return [path];
  }
  const kept = entries.filter(({ name }) => !MADE.has(name));
  const files = await Promise.all(kept.map((entry) => {
    const inside = join(path, entry.name);
    return entry.isDirectory() ? filesIn(inside) : [inside];
  }));
  return files.flat().sort();
}
