#!/usr/bin/env node
// `npm run pack [FOLDER]`: packs the three packages as they are published, by default into dist-packed. Run `tsc` first.
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const WORKSPACE = resolve(import.meta.dirname, '..');
const PLUGINS = join(WORKSPACE, 'plugins');

/** Copies of the packages: packing rewrites package.json, which other tools must not see meanwhile. */
const STAGES = join(WORKSPACE, 'dist-stages');

/** The files of a package. */
const PARTS = ['package.json', 'README.md', 'LICENSE', 'config.d.ts', 'dist'];

/**
 * @typedef {object} Packed
 * @property {string} name of the package
 * @property {string} tarball where it is
 */

/**
 * @param {string} target the folder for the tarballs
 * @returns {Promise<Packed[]>}
 */
export async function packAll(target) {
  await mkdir(target, { recursive: true });
  const packed = [];
  for (const folder of await readdir(PLUGINS)) {
    packed.push(await pack(folder, target));
  }
  return packed;
}

/**
 * @param {string} folder below plugins
 * @param {string} target
 * @returns {Promise<Packed>}
 */
async function pack(folder, target) {
  await npm(['run', 'build'], join(PLUGINS, folder));
  const stage = join(STAGES, folder);
  await rm(stage, { recursive: true, force: true });
  for (const part of PARTS) {
    await cp(join(PLUGINS, folder, part), join(stage, part), { recursive: true });
  }
  await npm(['pack', '--pack-destination', target], stage);
  const { name, version } = JSON.parse(await readFile(join(PLUGINS, folder, 'package.json'), 'utf8'));
  return { name, tarball: join(target, `${name.slice(1).replace('/', '-')}-${version}.tgz`) };
}

/**
 * @param {string[]} line
 * @param {string} folder
 */
async function npm(line, folder) {
  await run('npm', line, { cwd: folder });
}

if (process.argv[1] === import.meta.filename) {
  for (const { tarball } of await packAll(resolve(process.argv[2] ?? join(WORKSPACE, 'dist-packed')))) {
    process.stdout.write(`${tarball}\n`);
  }
}
