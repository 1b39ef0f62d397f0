import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { installSystemPackages } from './system-packages.mjs';

/** @type {string} */
let folder;
const before = { path: process.env['PATH'], chromium: process.env['CHROMIUM'] };

/** A machine with these programs and no others; its apt-get is a fake that notes what it is asked for. @param {string[]} programs */
async function machineWith(programs) {
  process.env['PATH'] = folder;
  await program('apt-get', '#!/bin/sh\necho "$@" "($# words)" >>"$APT_ASKED"\n');
  await program('sudo', '#!/bin/sh\n[ "$1" = --preserve-env=DEBIAN_FRONTEND ] && shift\nexec "$@"\n');
  for (const name of programs) {
    await program(name, '#!/bin/sh\n');
  }
}

/** @param {string} name @param {string} text */
async function program(name, text) {
  const path = join(folder, name);
  await writeFile(path, text);
  await chmod(path, 0o755);
}

/** @param {import('./system-packages.mjs').SystemProgram} missing */
async function install(missing = 'chromium') {
  await installSystemPackages([missing], { log: join(folder, 'log'), say: () => {} });
  return readFile(join(folder, 'asked'), 'utf8').catch(() => '');
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'setup-'));
  process.env['APT_ASKED'] = join(folder, 'asked');
  delete process.env['CHROMIUM'];
});

afterEach(async () => {
  delete process.env['APT_ASKED'];
  process.env['PATH'] = before.path;
  delete process.env['CHROMIUM'];
  if (before.chromium !== undefined) {
    process.env['CHROMIUM'] = before.chromium;
  }
  await rm(folder, { recursive: true });
});

test('a machine without a browser gets chromium, and no variable that names none', async () => {
  await machineWith([]);
  assert.match(await install(), /^install .*\bchromium\b/m);
  assert.equal(process.env['CHROMIUM'], undefined);
});

test('a browser of another name is used as it is', async () => {
  await machineWith(['google-chrome']);
  assert.equal(await install(), '');
  assert.equal(process.env['CHROMIUM'], join(folder, 'google-chrome'));
});

test('chromium itself needs nothing', async () => {
  await machineWith(['chromium']);
  assert.equal(await install(), '');
  assert.equal(process.env['CHROMIUM'], undefined);
});

test('podman comes with what gives its containers a network', async () => {
  await machineWith([]);
  assert.match(await install('podman'), /^install .* podman netavark aardvark-dns iptables \(7 words\)$/m);
});
