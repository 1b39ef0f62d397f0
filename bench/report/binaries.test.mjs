import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { binaries } from './binaries.mjs';

let folder = '';

/** @param {string} name @returns {Promise<string>} the path of a program that says its version */
async function program(name) {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\necho "program $1 ${name}"\n`);
  await chmod(path, 0o755);
  return path;
}

/** @param {string[]} args @returns {Promise<string>} what git says */
async function git(...args) {
  const { stdout } = await promisify(execFile)('git', ['-c', 'user.name=bench', '-c', 'user.email=bench@example.com', ...args], { cwd: folder });
  return stdout.trim();
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-binaries-'));
  await git('init', '--quiet');
  await git('commit', '--quiet', '--allow-empty', '--message', 'first');
});

after(() => rm(folder, { recursive: true }));

test('ours is named by its commit, what it says and its hash, and nothing is compared', async () => {
  const path = await program('one');
  const lines = async () => (await binaries(path, undefined, folder)).split('\n');
  const named = `- ours, of commit ${await git('rev-parse', '--short', 'HEAD')}`;
  const none = '- Nothing here is compared with an earlier binary: neither BEFORE nor BASELINE has named one';
  assert.deepEqual(await lines(), [`${named}: \`program --version one\`, SHA-256 4912f00b6a37…`, none]);
  await writeFile(join(folder, 'Cargo.toml'), 'changed');
  assert.equal((await lines())[0], `${named} with changes: \`program --version one\`, SHA-256 4912f00b6a37…`);
});

test('an earlier binary is named by its variable, what it says and its hash', async () => {
  const [ours, binary] = [await program('one'), await program('two')];
  const lines = async (/** @type {'BEFORE' | 'BASELINE'} */ variable) => (await binaries(ours, { variable, binary }, folder)).split('\n').slice(1);
  assert.deepEqual(await lines('BEFORE'), ['- ours before, named by BEFORE: `program --version two`, SHA-256 1cf18955074d…']);
  assert.deepEqual(await lines('BASELINE'), ['- ours before, named by BASELINE, as the one of commit 3f82417: `program --version two`, SHA-256 1cf18955074d…']);
});
