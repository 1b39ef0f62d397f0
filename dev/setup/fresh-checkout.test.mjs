import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { build } from 'esbuild';

import { inRepository, REPOSITORY } from './repository.mjs';

/** What make and the workflows start with Node, by itself: before it no npm package has to be there. */
const STARTED = /(?:\$\(node\)|run: node) (\S+\.mjs)/g;

/** @returns {Promise<string[]>} */
async function startedFiles() {
  const workflows = (await readdir(inRepository('.github/workflows'))).map((name) => `.github/workflows/${name}`);
  const texts = await Promise.all(['Makefile', ...workflows].map((name) => readFile(inRepository(name), 'utf8')));
  return [...new Set(texts.flatMap((text) => [...text.matchAll(STARTED)].map(([, file = '']) => file)))];
}

/**
 * @param {string[]} files
 * @returns {Promise<import('esbuild').Metafile['inputs']>} each file that they import, with its imports
 */
async function importsOf(files) {
  const { metafile } = await build({
    absWorkingDir: REPOSITORY,
    entryPoints: files.map((file) => `./${file}`),
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    outdir: 'target/never-written',
    write: false,
    metafile: true,
  });
  return metafile.inputs;
}

/**
 * @param {string} entry
 * @param {import('esbuild').Metafile['inputs']} inputs
 * @returns {string[]} each npm package that has to be there when it starts, and what imports it
 */
function packagesOf(entry, inputs) {
  const [found, seen] = [new Set(), new Set([entry])];
  for (const file of seen) {
    for (const { path, kind, external } of inputs[file]?.imports ?? []) {
      if (external && kind === 'import-statement' && !path.startsWith('node:')) {
        found.add(`${file} imports ${path}`);
      } else if (!external && kind === 'import-statement') {
        seen.add(path);
      }
    }
  }
  return [...found];
}

test('what make and the workflows start needs no npm package before it installs them', async () => {
  const files = await startedFiles();
  assert.ok(files.length >= 15 && files.includes('dev/release/release.mjs') && files.includes('npm/publish.mjs'), `${files}`);
  const inputs = await importsOf(files);
  for (const file of files) {
    assert.deepEqual(packagesOf(file, inputs), [], `${file} does not start in a fresh checkout`);
  }
});

test('an archive is packed with npm packages that were installed after its module was imported', async () => {
  const checkout = await mkdtemp(join(tmpdir(), 'checkout-'));
  try {
    await cp(inRepository('dev/release/archives.mjs'), join(checkout, 'archives.mjs'));
    const { tarGz, zip } = await import(join(checkout, 'archives.mjs'));
    await symlink(inRepository('dev/node_modules'), join(checkout, 'node_modules'));
    for (const pack of [tarGz, zip]) {
      assert.ok((await pack([{ name: 'a', content: Buffer.from('a'), kind: 'text' }], 315_532_800)).length > 50);
    }
  } finally {
    await rm(checkout, { recursive: true });
  }
});

test('make release and make release-test start in a checkout without npm packages, and end with their line', async () => {
  const checkout = await mkdtemp(join(tmpdir(), 'checkout-'));
  try {
    const files = ['dev/release/release.mjs', 'dev/release/tries/tries.mjs'];
    for (const file of [...Object.keys(await importsOf(files)), 'dev/setup/pypi']) {
      await cp(inRepository(file), join(checkout, file), { recursive: true });
    }
    // Without any other program, Rust is the first thing that is missing, and containers the second.
    const started = files.map((file) => spawnSync(process.execPath, [file], { cwd: checkout, env: { HOME: checkout, PATH: checkout }, encoding: 'utf8' }));
    assert.match(started[0]?.stdout ?? '', /^release: failed \(setup: Rust is missing: /m, started[0]?.stderr);
    assert.match(started[1]?.stdout ?? '', /^release-test: failed \(.*(root|namespaces)/m, started[1]?.stderr);
  } finally {
    await rm(checkout, { recursive: true });
  }
});
