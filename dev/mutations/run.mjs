#!/usr/bin/env node
// `make mutations`: each mistake, made in a copy of the source, must turn a simulated schedule red.
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { inRepository } from '../setup/repository.mjs';
import { say } from '../setup/steps.mjs';
import { MUTATIONS } from './mutations.mjs';

/** @typedef {import('./mutations.mjs').Mutation} Mutation */

/** What the simulation is built from. It is copied below target/, so that the mutants share the compiled dependencies. */
const PARTS = ['Cargo.toml', 'Cargo.lock', 'clippy.toml', 'config', 'docs', 'src', 'tests'];
const FAILED = /simulation: failed \((seed \d+: .*); replay/;

/**
 * @param {Mutation} mutation
 * @param {string} folder
 */
async function mutate({ name, file, right, wrong, also = [] }, folder) {
  const path = join(folder, file);
  let text = await readFile(path, 'utf8');
  for (const [before, after] of [[right, wrong], ...also]) {
    if (before === undefined || after === undefined || text.split(before).length !== 2) {
      throw new Error(`"${name}" does not fit ${file} any more: write it anew`);
    }
    text = text.replace(before, () => after);
  }
  await writeFile(path, text);
}

/**
 * @param {Mutation} mutation
 * @returns {Promise<boolean>} whether a schedule turned red
 */
async function isNoticed(mutation) {
  await mkdir(inRepository('target/mutations'), { recursive: true });
  const folder = await mkdtemp(inRepository('target/mutations/tree-'));
  try {
    for (const part of PARTS) {
      await cp(inRepository(part), join(folder, part), { recursive: true });
    }
    await mutate(mutation, folder);
    const { stdout, stderr } = spawnSync('cargo', ['test', '--locked', '--test', 'simulation'], {
      cwd: folder,
      env: { ...process.env, CARGO_TARGET_DIR: inRepository('target') },
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    const seed = FAILED.exec(stderr)?.[1];
    say(seed ? `✓ ${mutation.name}: red at ${seed}` : `✗ ${mutation.name}: no schedule turned red\n${(stderr + stdout).slice(-2000)}`);
    return seed !== undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

try {
  let noticed = 0;
  for (const mutation of MUTATIONS) {
    noticed += Number(await isNoticed(mutation));
  }
  const all = noticed === MUTATIONS.length;
  say(all ? `mutations: ok (${noticed} of ${MUTATIONS.length} noticed)` : `mutations: failed (${noticed} of ${MUTATIONS.length} noticed)`);
  process.exitCode = all ? 0 : 1;
} catch (error) {
  say(`mutations: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
