#!/usr/bin/env node
// bundle.mjs SCRIPT…: writes each of these development servers and all that it imports into one file below target/bundles, since
// Node takes longer to find and read a thousand files than to run them. A server without its bundle runs as well.
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { build } from 'esbuild';

import { inRepository } from '../setup/repository.mjs';

const DEV = inRepository('dev');
const BUNDLES = inRepository('target/bundles');

/** @param {string} script below dev/ */
async function bundle(script) {
  const entry = join(DEV, script);
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // Some classes are known by their names.
    keepNames: true,
    logLevel: 'error',
    banner: {
      js: `import { createRequire } from 'node:module'; const require = createRequire(${JSON.stringify(pathToFileURL(entry).href)});`,
    },
  });
  const output = join(BUNDLES, script);
  await mkdir(dirname(output), { recursive: true });
  // Another suite may be reading the one that is there.
  const unfinished = `${output}.${process.pid}`;
  await writeFile(unfinished, outputFiles[0]?.contents ?? '');
  await rename(unfinished, output);
}

await Promise.all(process.argv.slice(2).map(bundle));
