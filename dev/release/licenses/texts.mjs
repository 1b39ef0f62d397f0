import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { runCommand } from '../../setup/command.mjs';
import { crateProgram } from '../../setup/crate-programs.mjs';
import { pyPiFolder } from '../../setup/pypi-packages.mjs';
import { inRepository, REPOSITORY } from '../../setup/repository.mjs';
import { TARGETS } from '../targets.mjs';

/** Committed, and in everything that is released: many licences ask for their text beside the program. */
export const THIRD_PARTY = 'THIRD-PARTY-LICENSES.txt';

const HEAD = `The licences of what is linked into backstage-oidc-helper, on all systems together. Its own licence is in LICENSE.
Written by \`make licenses\`, from the crates of Cargo.lock.
`;

/**
 * What cargo-about has found.
 *
 * @typedef {object} License
 * @property {string} id as SPDX names it
 * @property {string} name
 * @property {string} text
 * @property {{crate: {name: string, version: string, repository: string | null}}[]} used_by
 */

/** C libraries that the program is linked with, and where zig keeps their texts. */
const LIBRARIES = { 'musl (Linux)': 'musl/COPYRIGHT', 'the runtime of MinGW-w64 (Windows)': 'mingw/COPYING' };

/** The crate has it in a file that cargo-about does not take for the licence, since it is many at once. */
const AWS_LC = 'aws-lc-sys';

const RUST = section('The standard library of Rust', 'MIT or Apache-2.0 <https://github.com/rust-lang/rust>, whose texts are above.');

/**
 * Collects the texts from the crates themselves.
 *
 * @param {string} log
 * @returns {Promise<string>} the same for the same Cargo.lock
 */
export async function licenseTexts(log) {
  const output = inRepository('target/licenses.json');
  const config = fileURLToPath(new URL('about.toml', import.meta.url));
  const targets = TARGETS.flatMap(({ triple }) => ['--target', triple]);
  const options = ['--locked', '--offline', '--fail', '--config', config, ...targets, '--format', 'json', '--output-file', output];
  await runCommand({ line: [crateProgram('cargo-about'), 'generate', ...options], log });
  const crates = sectionsOf(JSON.parse(await readFile(output, 'utf8')).licenses);
  const libraries = Object.entries(LIBRARIES).map(async ([name, path]) => section(name, await readFile(join(pyPiFolder('zig'), 'ziglang/lib/libc', path), 'utf8')));
  return [HEAD, ...crates, section('AWS-LC (aws-lc-sys)', awsLc()), RUST, ...(await Promise.all(libraries))].join('\n');
}

/**
 * One section for each text. Copies of the Apache License differ in their blanks and in the names below their end, which are examples.
 *
 * @param {License[]} licenses
 * @returns {string[]}
 */
function sectionsOf(licenses) {
  /** @type {Map<string, {name: string, text: string, users: Set<string>}>} */
  const texts = new Map();
  for (const { id, name, text, used_by: users } of licenses) {
    const whole = id === 'Apache-2.0' ? text.replace(/(END OF TERMS AND CONDITIONS)[^]*$/, '$1') : text;
    const key = whole.replaceAll(/\s+/g, ' ');
    const found = texts.get(key) ?? { name: `${name} (${id})`, text: whole, users: new Set() };
    users.forEach(({ crate }) => found.users.add(`  ${crate.name} ${crate.version}${crate.repository ? ` <${crate.repository}>` : ''}`));
    texts.set(key, found);
  }
  return [...texts.values()].map(({ name, text, users }) => section([`${name}, of:`, ...[...users].filter(isOthers).sort()].join('\n'), text));
}

/** @param {string} user */
function isOthers(user) {
  return !user.startsWith('  backstage-oidc-helper ');
}

/** @returns {string} the text of the library that the crate holds */
function awsLc() {
  const line = ['metadata', '--locked', '--offline', '--format-version', '1'];
  /** @type {{packages: {name: string, manifest_path: string}[]}} */
  const { packages } = JSON.parse(execFileSync('cargo', line, { cwd: REPOSITORY, encoding: 'utf8', maxBuffer: 1e8 }));
  const { manifest_path: manifest = '' } = packages.find(({ name }) => name === AWS_LC) ?? {};
  return readFileSync(join(dirname(manifest), 'LICENSE'), 'utf8');
}

/**
 * @param {string} log
 * @throws when what is committed is older than Cargo.lock
 */
export async function checkLicenses(log) {
  if ((await readFile(inRepository(THIRD_PARTY), 'utf8')) !== (await licenseTexts(log))) {
    throw new Error(`${THIRD_PARTY} is not that of Cargo.lock: run \`make licenses\`, commit it, then run this again`);
  }
}

/**
 * @param {string} name
 * @param {string} text
 */
function section(name, text) {
  const line = (/** @type {string} */ character) => character.repeat(80);
  const plain = text.replaceAll('\r\n', '\n').replaceAll(/[ \t]+$/gm, '').replaceAll(/^\n+|\n+$/g, '');
  // Where a crate holds no text of its own, cargo-about takes the common one.
  const named = plain.replaceAll(/<year> <(owner|copyright holders)>/g, 'the authors of each of the above');
  return `\n${line('=')}\n${name}\n${line('-')}\n${named}\n`;
}
