#!/usr/bin/env node
// bundle.mjs SCRIPT…: writes each of these development servers and all that it imports into one file below target/bundles, since
// Node takes longer to find and read a thousand files than to run them. A server without its bundle runs as well.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

import { build } from 'esbuild';

import { inRepository } from '../setup/repository.mjs';

const DEV = inRepository('dev');
const BUNDLES = inRepository('target/bundles');

/**
 * A file that asks where it is gets the answer that it would get by itself.
 *
 * @type {import('esbuild').Plugin}
 */
const ownPlaces = {
  name: 'own places',
  setup({ onLoad }) {
    onLoad({ filter: /\.[cm]?js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const located = text.replace(/^#!.*/, '').replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href));
      // An ES module has neither name; some make their own.
      const contents = /(?:const|let|var) __(?:dirname|filename)\b/.test(text) ? located : located
        .replaceAll(/\b__dirname\b/g, JSON.stringify(dirname(path)))
        .replaceAll(/\b__filename\b/g, JSON.stringify(path));
      return { contents, loader: 'js' };
    });
  },
};

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
    plugins: [ownPlaces],
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
  return relative(DEV, output);
}

await Promise.all(process.argv.slice(2).map(bundle));
