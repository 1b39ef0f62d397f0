import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { TARGETS } from '../dev/release/targets.mjs';
import { archiveOf, unpackProgram } from './release-files.mjs';

const VERSION = '1.2.3';
const MAKE = { win32: ['python3', '-m', 'zipfile', '-c'], linux: ['tar', '-czf'], darwin: ['tar', '-czf'] };

/** @type {string} */
let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'release-files-'));
  for (const target of TARGETS) {
    const content = join(folder, target.name);
    await mkdir(content);
    await writeFile(join(content, 'LICENSE'), 'text');
    await writeFile(join(content, target.program), `for ${target.name}`);
    const [program = '', ...args] = MAKE[target.os];
    execFileSync(program, [...args, join(folder, archiveOf(target, VERSION)), 'LICENSE', target.program], { cwd: content });
  }
  const archives = TARGETS.map((target) => archiveOf(target, VERSION));
  await writeFile(join(folder, 'checksums.txt'), execFileSync('sha256sum', archives, { cwd: folder }));
});
after(() => rm(folder, { recursive: true }));

test('the program of each system is taken out of its released file', async () => {
  for (const target of TARGETS) {
    const program = await unpackProgram(folder, target, VERSION, join(folder, 'into'));
    assert.equal(await readFile(program, 'utf8'), `for ${target.name}`);
  }
});

test('a released file that checksums.txt does not name is not used', async () => {
  const [target] = TARGETS;
  assert.ok(target);
  await appendFile(join(folder, archiveOf(target, VERSION)), ' ');
  await assert.rejects(unpackProgram(folder, target, VERSION, join(folder, 'into')), /linux_amd64\.tar\.gz is not the file that checksums\.txt beside it names$/);
});
