#!/usr/bin/env node
// Publishes the npm packages around the programs that `make release` has built; see --help.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { TARGETS } from '../dev/release/targets.mjs';
import { inRepository } from '../dev/setup/repository.mjs';
import { assemble } from './assemble.mjs';
import { readRelease } from './packages.mjs';
import { publishPackages } from './publish-packages.mjs';
import { unpackProgram } from './release-files.mjs';

const USAGE = `Publishes a package for each system, and then the launcher, around the programs in the released files.

  node npm/publish.mjs --tag TAG [--provenance] [--files FOLDER]

  --tag TAG        npm's dist-tag: latest, or another one for a version that is not for everyone
  --provenance     signs where they were built; only in a workflow that may ask for an ID token
  --files FOLDER   the released files with checksums.txt, target/release-files unless said
  --help

The registry and its token come from npm's own configuration.
What the registry has already is left out.
`;

const { values } = parseArgs({
  options: {
    tag: { type: 'string' },
    provenance: { type: 'boolean', default: false },
    files: { type: 'string', default: inRepository('target/release-files') },
    help: { type: 'boolean', default: false },
  },
});

const PACKAGES = inRepository('target/npm/packages');
const PROGRAMS = inRepository('target/npm/programs');

/** @param {string} tag */
async function publish(tag) {
  const release = readRelease(await readFile(inRepository('Cargo.toml'), 'utf8'), process.env);
  /** @type {Map<import('./packages.mjs').Target, string>} */
  const programs = new Map();
  for (const target of TARGETS) {
    programs.set(target, await unpackProgram(values.files, target, release.version, join(PROGRAMS, target.name)));
  }
  const folders = await assemble(PACKAGES, release, programs);
  const provenance = values.provenance ? 'provenance' : 'no-provenance';
  const published = await publishPackages(folders, { tag, provenance, say: (line) => process.stdout.write(`${line}\n`) });
  process.stdout.write(`npm packages: ok (${published.length} of ${folders.length} published as ${release.version}, ${tag})\n`);
}

try {
  if (values.help) {
    process.stdout.write(USAGE);
  } else if (values.tag === undefined) {
    throw new Error('name the tag: --tag latest, or --tag next for a version that is not for everyone');
  } else {
    await publish(values.tag);
  }
} catch (error) {
  process.stdout.write(`npm packages: failed (${error instanceof Error ? error.message : error})\n`);
  process.exitCode = 1;
}
