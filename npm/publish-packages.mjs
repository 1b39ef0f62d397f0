import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * @typedef {object} Publishing
 * @property {string} tag npm's dist-tag
 * @property {'provenance' | 'no-provenance'} provenance says where the package was built; only a CI system that npm knows can sign it
 * @property {Record<string, string>} [variables] on top of this process's own
 * @property {(line: string) => void} say
 */

/**
 * Publishes the packages one after the other. Those that the registry has already are left out, so that a run that was interrupted can
 * be repeated.
 *
 * @param {string[]} folders
 * @param {Publishing} publishing
 * @returns {Promise<string[]>} what it has published, `NAME@VERSION`
 */
export async function publishPackages(folders, publishing) {
  const published = [];
  for (const { folder, what, isThere } of await Promise.all(folders.map((one) => look(one, publishing)))) {
    if (isThere) {
      publishing.say(`${what} is there already`);
    } else {
      await publish(folder, what, publishing);
      publishing.say(`${what} published`);
      published.push(what);
    }
  }
  return published;
}

/**
 * @param {string} folder
 * @param {Publishing} publishing
 */
async function look(folder, publishing) {
  const { name, version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const what = `${name}@${version}`;
  return { folder, what, isThere: await isPublished(what, publishing) };
}

/**
 * @param {string} what
 * @param {Publishing} publishing
 * @throws when the registry does not answer
 */
async function isPublished(what, { variables }) {
  try {
    const { stdout } = await promisify(execFile)('npm', ['view', what, 'version'], { env: { ...process.env, ...variables } });
    return stdout.trim() !== '';
  } catch (error) {
    if (String(Object(error).stderr).includes('E404')) {
      return false;
    }
    throw error;
  }
}

/**
 * @param {string} folder
 * @param {string} what
 * @param {Publishing} publishing
 */
async function publish(folder, what, { tag, provenance, variables }) {
  const line = ['publish', `--tag=${tag}`, `--${provenance}`, folder];
  const child = spawn('npm', line, { env: { ...process.env, ...variables }, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'exit');
  if (code !== 0) {
    throw new Error(`npm publish of ${what} ended with ${code}; what was published before it stays, and the next run goes on here`);
  }
}
