import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

import { zip } from '../../dev/release/archives.mjs';
import { BROWSERS, makeFolder, OUTPUT } from './folders.mjs';

/** The time of each file in an archive: the earliest that it can hold, so that only the files decide about its bytes. */
const SECONDS = 315_532_800;

/**
 * Makes the unpacked extensions, and an archive of each: the same bytes for the same source.
 *
 * @param {string} version
 * @param {string} [output]
 * @returns {Promise<{name: string, bytes: number}[]>}
 */
export async function makeArchives(version, output = OUTPUT) {
  const archives = [];
  for (const browser of BROWSERS) {
    const folder = await makeFolder(browser, version, output);
    const name = `backstage-oidc-helper_${version}_${browser}.zip`;
    const content = await zip(await entriesOf(folder), SECONDS);
    await writeFile(join(output, name), content);
    archives.push({ name, bytes: content.length });
  }
  return archives;
}

/**
 * @param {string} folder
 * @returns {Promise<import('../../dev/release/archives.mjs').Entry[]>} its files, in an order that no file system decides
 */
async function entriesOf(folder) {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  const named = paths.map((path) => ({ path, name: relative(folder, path).split(sep).join('/') }));
  named.sort((one, other) => (one.name < other.name ? -1 : 1));
  return Promise.all(named.map(async ({ path, name }) => ({ name, content: await readFile(path), kind: /** @type {const} */ ('text') })));
}
