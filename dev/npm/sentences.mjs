import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { COMMAND, NAME } from '../../npm/packages.mjs';
import { tool } from './tools.mjs';

/** @typedef {import('./machine.mjs').Machine} Machine */

/** The package for this machine. */
const HERE = `${NAME}-${process.platform}-${process.arch}`;
const NPM_10 = tool('npm-10/bin/npm-cli.js');
const NOT_INSTALLED = new RegExp(`${HERE}, which ${NAME} needs here, is not installed .*: run \`((\\S+) [^\`]+)\`, then this again\\.\n`);

/** @param {Machine} machine */
const PNPM = (machine) => [machine.node, tool('pnpm/bin/pnpm.mjs')];
/** @param {Machine} machine */
const YARN = (machine) => [machine.node, tool('@yarnpkg/cli-dist/bin/yarn.js')];

/**
 * A lock file with the package of another system alone, as npm before version 11 leaves one when node_modules were there: npm/cli #4828.
 *
 * @param {Machine} machine
 */
export async function lockFileOfAnotherSystem(machine) {
  const project = await emptyProject(machine, 'project of another system');
  await succeeds(machine, ['npm', 'install', '--package-lock-only', NAME], project);
  const file = join(project, 'package-lock.json');
  const lock = JSON.parse(await readFile(file, 'utf8'));
  const others = Object.keys(lock.packages).filter((path) => path.includes(`${NAME}-`) && !path.endsWith('darwin-arm64'));
  others.forEach((path) => delete lock.packages[path]);
  await writeFile(file, JSON.stringify(lock));
  await succeeds(machine, [machine.node, NPM_10, 'ci'], project);
  await repairs(machine, project, [join(project, 'node_modules/.bin', COMMAND)]);
}

/**
 * Optional packages are left out by the user's configuration.
 *
 * @param {Machine} machine
 */
export async function withoutOptionalPackages(machine) {
  const project = await emptyProject(machine, 'project without optional packages');
  await writeFile(join(project, '.npmrc'), 'omit=optional\n');
  await succeeds(machine, ['npm', 'install', NAME], project);
  await repairs(machine, project, [join(project, 'node_modules/.bin', COMMAND)]);
}

/**
 * @param {Machine} machine
 * @param {string} prefix of an installation with npm -g, which has lost the package
 */
export async function brokenGlobalInstallation(machine, prefix) {
  await rm(join(prefix, 'lib/node_modules', NAME, 'node_modules'), { recursive: true });
  await repairs(machine, await machine.folder('elsewhere'), [join(prefix, 'bin', COMMAND)], { more: { npm_config_prefix: prefix } });
}

/**
 * pnpm without optional packages: the launcher lies in its store of the project, and is found there.
 *
 * @param {Machine} machine
 */
export async function pnpmWithoutOptionalPackages(machine) {
  const project = await emptyProject(machine, 'pnpm project');
  await succeeds(machine, [...PNPM(machine), 'add', '--no-optional', NAME], project);
  await repairs(machine, project, [join(project, 'node_modules/.bin', COMMAND)], { by: 'pnpm' });
}

/**
 * A project with the settings of another system, for Yarn with Plug'n'Play and with node_modules.
 *
 * @param {Machine} machine
 * @param {'pnp' | 'node-modules'} linker
 */
export async function yarnOfAnotherSystem(machine, linker) {
  const project = await emptyProject(machine, `yarn project ${linker}`);
  const settings = join(project, '.yarnrc.yml');
  await writeFile(join(project, 'yarn.lock'), '');
  await writeFile(settings, `nodeLinker: ${linker}\nsupportedArchitectures: { os: [darwin], cpu: [arm64] }\n`);
  await succeeds(machine, [...YARN(machine), 'add', NAME], project);
  await writeFile(settings, `nodeLinker: ${linker}\n`);
  await repairs(machine, project, [...YARN(machine), COMMAND], { by: 'yarn' });
}

/**
 * The folder of pnpm dlx has lost the package.
 *
 * @param {Machine} machine
 */
export async function brokenPnpmDlx(machine) {
  const folder = await machine.folder('pnpm dlx broken');
  const stored = join(machine.home, '.cache/pnpm/dlx');
  for (const path of await readdir(stored, { recursive: true })) {
    if (path.endsWith(`node_modules/${HERE}`)) {
      await rm(join(stored, path), { recursive: true, force: true });
    }
  }
  const { code, stderr } = await machine.run([...PNPM(machine), 'dlx', NAME, '--version'], folder);
  assert.equal(code, 127, stderr);
  const [, command = ''] = /: run `(pnpm [^`]+)` instead\.\n$/.exec(stderr) ?? [];
  assert.notEqual(command, '', stderr);
  await succeeds(machine, [...PNPM(machine), ...command.split(' ').slice(1), '--version'], folder);
}

/**
 * A processor that has no package: npm installs the launcher alone.
 *
 * @param {Machine} machine
 */
export async function systemWithoutPackage(machine) {
  const folder = await machine.folder('another processor');
  const processor = `data:text/javascript,Object.defineProperty(process,'arch',{value:'riscv64'})`;
  const { code, stdout, stderr } = await machine.run(['npx', '--yes', NAME, '--version'], folder, { NODE_OPTIONS: `--import="${processor}"` });
  assert.deepEqual({ code, stdout }, { code: 127, stdout: '' }, stderr);
  assert.match(stderr, new RegExp(`^${NAME} has no program for ${process.platform}-riscv64, only for linux-x64, .*: use .* the container image, .*\n$`));
}

/**
 * The sentence names a command; with that the program runs.
 *
 * @param {Machine} machine
 * @param {string} folder
 * @param {string[]} program
 * @param {{by?: 'npm' | 'pnpm' | 'yarn', more?: Record<string, string>}} [options] the package manager that it must name; variables
 */
async function repairs(machine, folder, program, { by = 'npm', more } = {}) {
  const { code, stdout, stderr } = await machine.run([...program, '--version'], folder);
  assert.deepEqual({ code, stdout }, { code: 127, stdout: '' }, stderr);
  const [, command = '', manager] = NOT_INSTALLED.exec(stderr) ?? [];
  assert.equal(manager, by, stderr);
  const start = { npm: ['npm'], pnpm: PNPM(machine), yarn: YARN(machine) }[by];
  await succeeds(machine, [...start, ...command.split(' ').slice(1)], folder, more);
  await succeeds(machine, [...program, '--version'], folder);
}

/**
 * @param {Machine} machine
 * @param {string} name
 */
async function emptyProject(machine, name) {
  const project = await machine.folder(name);
  await writeFile(join(project, 'package.json'), '{ "private": true }\n');
  return project;
}

/**
 * @param {Machine} machine
 * @param {string[]} line
 * @param {string} folder
 * @param {Record<string, string>} [more]
 */
async function succeeds(machine, line, folder, more) {
  const { code, stderr } = await machine.run(line, folder, more);
  assert.equal(code, 0, `${line.join(' ')}: ${stderr}`);
}
