#!/usr/bin/env node
// `npm test`: the unit tests beside the source, which Node 20 takes as JavaScript only, and the tests of the build.
import { spawnSync } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { build } from 'esbuild';

import { inRepository } from '../../dev/setup/repository.mjs';

const SOURCE = inRepository('extension/src');
const BUNDLES = inRepository('target/extension/tests');

const files = (await readdir(SOURCE, { recursive: true })).filter((name) => name.endsWith('.test.ts'));
await rm(BUNDLES, { recursive: true, force: true });
await build({
  entryPoints: files.map((name) => join(SOURCE, name)),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  outdir: BUNDLES,
  outbase: SOURCE,
  outExtension: { '.js': '.mjs' },
  sourcemap: 'inline',
  logLevel: 'warning',
});
const bundles = (await readdir(BUNDLES, { recursive: true })).filter((name) => name.endsWith('.mjs')).map((name) => join(BUNDLES, name));
const built = (await readdir(inRepository('extension/build'))).filter((name) => name.endsWith('.test.mjs'));
const tests = [...bundles.sort(), ...built.map((name) => inRepository('extension/build', name))];
const { status } = spawnSync(process.execPath, ['--enable-source-maps', '--test', '--test-timeout=180000', ...tests], { stdio: 'inherit' });
process.exitCode = status ?? 1;
