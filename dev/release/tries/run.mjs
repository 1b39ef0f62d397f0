#!/usr/bin/env node
// What `make release` has made, tried in a network of its own; run by tries.mjs.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { LoopbackServer } from '../../idp/loopback.mjs';
import { inRepository } from '../../setup/repository.mjs';
import { duration, say, step } from '../../setup/steps.mjs';
import { archiveName, fileName, readProject, RELEASE_FILES } from '../project.mjs';
import { TARGETS } from '../targets.mjs';
import { inspectDeb, inspectImageFile, inspectSbom } from './contents.mjs';
import { logInBy, said } from './logins.mjs';
import { bareDebian, emptyRoot, emulated, LOGS } from './roots.mjs';

const LOG = inRepository(LOGS, 'setup.log');
const project = readProject();

/** @param {string} name @returns {import('../targets.mjs').Target} */
function targetOf(name) {
  return TARGETS.find((target) => target.name === name) ?? assert.fail(`nothing is released for ${name}`);
}

/** @param {import('../targets.mjs').Target} target @returns {Promise<string>} the program out of its archive */
async function unpacked(target) {
  const folder = inRepository(LOGS, target.name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await promisify(execFile)('tar', ['-xf', join(RELEASE_FILES, archiveName(project, target)), '-C', folder]);
  return join(folder, target.program);
}

/**
 * @param {import('../targets.mjs').Target[]} targets
 * @param {string[]} programs of them
 */
async function inspectContents(targets, programs) {
  for (const [at, target] of targets.entries()) {
    const program = programs[at] ?? '';
    await inspectSbom(project, target, program);
    await inspectDeb(project, target);
    await inspectImageFile(project, target, program);
  }
}

/** Installs by the script, from a server that has the released files. @returns {Promise<string>} what the installed program says */
async function installed() {
  const home = inRepository(LOGS, 'home');
  await rm(home, { recursive: true, force: true });
  const server = await LoopbackServer.listen(0);
  server.serve(async ({ url = '' }, response) => {
    response.end(await readFile(join(RELEASE_FILES, url.slice(1))));
  });
  try {
    const env = { PATH: process.env['PATH'], HOME: home, BASE_URL: `http://127.0.0.1:${server.port}` };
    await promisify(execFile)('sh', [inRepository('install.sh')], { env });
  } finally {
    server.close();
  }
  return (await said([join(home, '.local/bin/backstage-oidc-helper')], '--version')).trim();
}

const began = performance.now();
try {
  await step('checksums', () => promisify(execFile)('sha256sum', ['--check', '--quiet', 'checksums.txt'], { cwd: RELEASE_FILES }));
  const [amd64, arm64] = [targetOf('linux_amd64'), targetOf('linux_arm64')];
  const programs = [await unpacked(amd64), await unpacked(arm64)];
  await step('contents', () => inspectContents([amd64, arm64], programs));
  const version = await step('install.sh', installed);
  assert.match(version, /^backstage-oidc-helper \S+ \([0-9a-f]{12}(-dirty)?\)$/);
  const debian = await step('.deb', () => bareDebian(join(RELEASE_FILES, fileName(project, amd64, '.deb')), LOG));
  try {
    await logInBy([await emptyRoot(programs[0] ?? ''), debian, emulated(programs[1] ?? '')], version);
  } finally {
    await debian.remove();
  }
  say(`release-test: ok (${version}: installed by install.sh; logged in from an empty root folder, from the .deb on a bare Debian, and arm64 `
    + `in qemu; ${duration(performance.now() - began)})`);
  process.exit(0);
} catch (error) {
  say(`release-test: failed (${error instanceof Error ? error.message : error}; logs are in ${LOGS})`);
  process.exit(1);
}
