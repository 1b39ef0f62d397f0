import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { build } from 'esbuild';

import { inRepository } from '../../dev/setup/repository.mjs';

/** @typedef {'chrome' | 'firefox'} Browser */

/** The browsers that there is a build for. @type {Browser[]} */
export const BROWSERS = ['chrome', 'firefox'];

/** Where both are put, unpacked and as archives. */
export const OUTPUT = inRepository('target/extension');

const EXTENSION = inRepository('extension');

/** What is loaded as a script, by its place in src/. */
const SCRIPTS = ['background', 'content', 'pages/popup', 'pages/options', 'pages/confirm', 'pages/callback'];

/** The oldest versions that the manifests allow. */
const TARGETS = { chrome: 'chrome128', firefox: 'firefox142' };

/**
 * Makes an unpacked extension that the browser can load.
 *
 * @param {Browser} browser
 * @param {string} version
 * @param {string} [output]
 * @returns {Promise<string>} its folder
 */
export async function makeFolder(browser, version, output = OUTPUT) {
  const folder = join(output, browser);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // Not minified: what a store's reviewers and an administrator read is what runs.
  await build({
    entryPoints: SCRIPTS.map((script) => join(EXTENSION, 'src', `${script}.ts`)),
    bundle: true,
    format: 'iife',
    charset: 'utf8',
    target: TARGETS[browser],
    outdir: folder,
    entryNames: '[name]',
    absWorkingDir: EXTENSION,
    logLevel: 'warning',
  });
  await copyPages(folder);
  for (const name of ['_locales', 'icons']) {
    await cp(join(EXTENSION, name), join(folder, name), { recursive: true, filter: (path) => !/\.(svg|gitkeep)$/.test(path) });
  }
  const manifest = await manifestFor(browser, version);
  if ('storage' in manifest) {
    await cp(join(EXTENSION, 'managed_schema.json'), join(folder, 'managed_schema.json'));
  }
  await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  return folder;
}

/** @param {string} folder */
async function copyPages(folder) {
  const pages = join(EXTENSION, 'src/pages');
  for (const name of await readdir(pages)) {
    if (/\.(html|css)$/.test(name)) {
      await cp(join(pages, name), join(folder, name));
    }
  }
}

/**
 * What both browsers share, and the browser's own: of a list, both.
 *
 * @param {Browser} browser
 * @param {string} version
 * @returns {Promise<Record<string, unknown>>}
 */
export async function manifestFor(browser, version) {
  const shared = await readManifest('shared');
  const own = await readManifest(browser);
  const joined = Object.entries(own).map(([key, value]) => {
    const common = shared[key];
    return [key, Array.isArray(common) && Array.isArray(value) ? [...common, ...value] : value];
  });
  return { ...shared, version, ...Object.fromEntries(joined) };
}

/**
 * @param {string} name
 * @returns {Promise<Record<string, unknown>>}
 */
async function readManifest(name) {
  return JSON.parse(await readFile(join(EXTENSION, 'manifest', `${name}.json`), 'utf8'));
}
