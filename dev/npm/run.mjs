#!/usr/bin/env node
// The packages that npm.mjs has made, tried in a network of their own.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

import { COMMAND, readRelease } from '../../npm/packages.mjs';
import { Parts } from '../demo/parts.mjs';
import { inRepository } from '../setup/repository.mjs';
import { duration, say, step } from '../setup/steps.mjs';
import { installations } from './installations.mjs';
import { Logins } from './logins.mjs';
import { LOGS, RELEASE_FILES } from './logs.mjs';
import { Machine } from './machine.mjs';
import { Registry } from './registry.mjs';
import {
  brokenGlobalInstallation, brokenPnpmDlx, lockFileOfAnotherSystem, pnpmWithoutOptionalPackages, systemWithoutPackage, withoutOptionalPackages,
  yarnOfAnotherSystem,
} from './sentences.mjs';
import { tool } from './tools.mjs';

/**
 * Publishes as a release does, twice: a run that was interrupted can be repeated.
 *
 * @param {Registry} registry
 */
async function publish(registry) {
  const host = registry.url.replace('http:', '');
  const variables = { npm_config_registry: registry.url, [`npm_config_${host}:_authToken`]: 'none', npm_config_loglevel: 'error' };
  const line = [inRepository('npm/publish.mjs'), '--tag', 'latest', '--files', RELEASE_FILES];
  for (const published of [6, 0]) {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, line, { env: { ...process.env, ...variables } }).catch((error) => error);
    assert.match(stdout, new RegExp(`^npm packages: ok \\(${published} of 6 published as \\S+, latest\\)\n$`, 'm'), `${stdout}${stderr}`);
  }
}

/**
 * Also that the exit code comes through.
 *
 * @param {import('./installations.mjs').Installation} installation
 * @param {string} version
 */
async function sayVersion({ name, machine, line }, version) {
  const folder = await machine.folder(name);
  const { code, stdout, stderr } = await machine.run([...line, '--version'], folder);
  assert.equal(code, 0, stderr);
  assert.match(stdout, new RegExp(`^${COMMAND} ${version.replaceAll('.', '\\.')}( .*)?$`, 'm'));
  const refused = await machine.run([...line, '--no-such-flag'], folder);
  assert.equal(refused.code, 2, refused.stderr);
}

/** @param {Parts} parts */
async function run(parts) {
  const registry = parts.add(await step('registry', () => Registry.start(LOGS)));
  await step('publish', () => publish(registry));
  const [older, newer] = await Promise.all([
    Machine.make(inRepository(LOGS, 'older'), process.execPath, registry.url),
    Machine.make(inRepository(LOGS, 'newer'), tool('node-22/bin/node'), registry.url),
  ]);
  const ways = await step('install', () => installations({ older, newer }));
  const { version } = readRelease(await readFile(inRepository('Cargo.toml'), 'utf8'), {});
  const logins = await step('start', () => Logins.start(parts, LOGS));
  for (const way of ways) {
    await step(way.name, async () => {
      await sayVersion(way, version);
      await logins.logIn(way);
    });
  }
  await step('Ctrl-C', async () => {
    for (const way of ways) {
      await logins.interrupt(way);
    }
  });
  await step('lock file', () => lockFileOfAnotherSystem(newer));
  await step('omitted', () => withoutOptionalPackages(older));
  await step('lost', () => brokenGlobalInstallation(older, inRepository(LOGS, 'older/prefix')));
  await step('pnpm', async () => {
    await pnpmWithoutOptionalPackages(newer);
    await brokenPnpmDlx(newer);
  });
  await step('yarn', async () => {
    await yarnOfAnotherSystem(newer, 'pnp');
    await yarnOfAnotherSystem(newer, 'node-modules');
  });
  await step('no package', () => systemWithoutPackage(older));
  return `6 packages published; a login and one given up by each of ${ways.map(({ name }) => name).join(', ')}; 8 sentences`;
}

const began = performance.now();
const parts = new Parts();
try {
  const figures = await run(parts);
  await parts.stop();
  say(`npm: ok (${figures}; ${duration(performance.now() - began)})`);
  process.exit(0);
} catch (error) {
  await parts.stop();
  say(`npm: failed (${error instanceof Error ? error.message : error}; logs are in ${LOGS})`);
  process.exit(1);
}
