#!/usr/bin/env node
// `make mutations`: cargo-mutants changes the refresh code in a copy of the source, one place at a time, and the simulation has to
// fail each time. What it changes is in .cargo/mutants.toml.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import { isInstalled, runCommand } from '../setup/command.mjs';
import { inRepository, REPOSITORY } from '../setup/repository.mjs';
import { findRust } from '../setup/rust.mjs';
import { say, step } from '../setup/steps.mjs';
import { lastLine } from './outcome.mjs';

const VERSION = '27.1.0';
const TOOLS = inRepository('target/tools');
const OUTPUT = inRepository('target/mutations');

/** Enough for the simulation to notice what it notices at all; the mutants that it does not notice run all of them. */
const SCHEDULES = '4000';

/** Each mutant compiles the crate: a run tries a quarter of them, each day the next one. `--shard 0/1` tries all. */
const SHARDS = 4;
const today = `${Math.floor(Date.now() / 86_400_000) % SHARDS}/${SHARDS}`;

/** The copy's crates are compiled once, beside what other builds of this checkout have. */
const variables = { CARGO_TARGET_DIR: inRepository('target/mutations/build'), CARGO_TERM_COLOR: 'never', SCHEDULES };

async function prepare() {
  findRust();
  process.env['PATH'] = [join(TOOLS, 'bin'), process.env['PATH']].join(delimiter);
  if (!isInstalled('cargo-mutants')) {
    say('Installing cargo-mutants (a few minutes, once).');
    const line = ['cargo', 'install', '--locked', '--version', VERSION, '--root', TOOLS, 'cargo-mutants'];
    await runCommand({ line, log: inRepository('target/mutations-setup.log') });
  }
  await rm(inRepository('target/mutations/mutants.out'), { recursive: true, force: true });
}

/** Prints each mutant that survives as it is found. Ends with 2 where there is one, and with 4 where the source as it is fails. */
async function mutate() {
  const shard = process.argv.length > 2 ? process.argv.slice(2) : ['--shard', today];
  const args = ['mutants', '--output', OUTPUT, '--colors', 'never', ...shard];
  const env = { ...process.env, ...variables };
  await once(spawn('cargo-mutants', args, { cwd: REPOSITORY, env, stdio: ['ignore', 'inherit', 'inherit'] }), 'close');
  return JSON.parse(await readFile(inRepository('target/mutations/mutants.out/outcomes.json'), 'utf8'));
}

try {
  await step('setup', prepare);
  const told = lastLine(await mutate());
  say(told);
  process.exitCode = told.startsWith('mutations: ok') ? 0 : 1;
} catch (error) {
  say(`mutations: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
