import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { tarGz, zip } from './archives.mjs';
import { writeChecksums } from './checksums.mjs';
import { flawOf, folderNamedIn, inspectLibraries } from './inspection.mjs';
import { formula, manifest } from './listings.mjs';
import { archiveName, chosenTargets, readCommit, readProject } from './project.mjs';
import { TARGETS } from './targets.mjs';

const ENTRIES = [
  { name: 'program', content: Buffer.from('#!/bin/sh\necho ran\n'), kind: /** @type {const} */ ('program') },
  { name: 'LICENSE', content: Buffer.from('text\n'), kind: /** @type {const} */ ('text') },
];
const SECONDS = Date.UTC(2026, 10, 27, 12, 30, 2) / 1000;

/** @type {string} */
let folder;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'release-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** @param {string} program @param {string[]} args */
function run(program, ...args) {
  return execFileSync(program, args, { cwd: folder, encoding: 'utf8', env: { ...process.env, TZ: 'UTC' } });
}

test('a tar archive has the rights, owner and time that it is to have, and its program runs', async () => {
  await writeFile(join(folder, 'a.tar.gz'), await tarGz(ENTRIES, SECONDS));
  const listed = run('tar', '--list', '--verbose', '--numeric-owner', '--full-time', '-f', 'a.tar.gz').split('\n');
  assert.match(listed[0] ?? '', /^-rwxr-xr-x 0\/0 +19 2026-11-27 12:30:02 program$/);
  assert.match(listed[1] ?? '', /^-rw-r--r-- 0\/0 +5 2026-11-27 12:30:02 LICENSE$/);
  run('tar', '-xf', 'a.tar.gz');
  assert.equal(run('./program'), 'ran\n');
});

test('a zip archive has the same rights and time in each time zone', async () => {
  const before = process.env['TZ'];
  try {
    for (const zone of ['UTC', 'America/New_York']) {
      process.env['TZ'] = zone;
      await writeFile(join(folder, 'a.zip'), await zip(ENTRIES, SECONDS));
      const listed = run('python3', '-c', 'import zipfile; [print(oct(i.external_attr >> 16), i.date_time, i.filename) for i in zipfile.ZipFile("a.zip").infolist()]');
      assert.equal(listed, '0o100755 (2026, 11, 27, 12, 30, 2) program\n0o100644 (2026, 11, 27, 12, 30, 2) LICENSE\n', zone);
    }
  } finally {
    delete process.env['TZ'];
    Object.assign(process.env, before === undefined ? {} : { TZ: before });
  }
});

test('the same files give the same bytes', async () => {
  for (const pack of [tarGz, zip]) {
    assert.deepEqual(await pack(ENTRIES, SECONDS), await pack(ENTRIES, SECONDS));
    assert.notDeepEqual(await pack(ENTRIES, SECONDS), await pack(ENTRIES, SECONDS + 60));
  }
});

test('sha256sum reads the checksums, which do not count themselves', async () => {
  await writeFile(join(folder, 'b'), 'b');
  await writeFile(join(folder, 'a'), 'a');
  await writeChecksums(folder);
  const checksums = await writeChecksums(folder);
  assert.deepEqual([...checksums.keys()], ['a', 'b']);
  assert.equal(run('sha256sum', '--check', 'checksums.txt'), 'a: OK\nb: OK\n');
  // The install script wants both spaces.
  assert.match(await readFile(join(folder, 'checksums.txt'), 'utf8'), /^[0-9a-f]{64}  a\n[0-9a-f]{64}  b\n$/);
});

const project = readProject();
const checksums = new Map(TARGETS.map((target, at) => [archiveName(project, target), String(at).repeat(64)]));

test('the formula is Ruby, and names the archive and checksum of each system that Homebrew runs on', async (context) => {
  const text = formula(project, checksums);
  for (const [at, target] of TARGETS.entries()) {
    const named = text.includes(`/v${project.version}/${archiveName(project, target)}"\n      sha256 "${String(at).repeat(64)}"`);
    assert.equal(named, target.os !== 'win32', target.name);
  }
  assert.match(text, /^# .*Never run/);
  await writeFile(join(folder, 'formula.rb'), text);
  const checked = spawnSync('ruby', ['-c', join(folder, 'formula.rb')], { encoding: 'utf8' });
  if (checked.error) {
    context.diagnostic('syntax: not checked, ruby is not here (make release installs it)');
    return;
  }
  assert.equal(checked.stdout, 'Syntax OK\n', checked.stderr);
});

test('the manifest has what Scoop requires, for Windows alone', () => {
  const text = manifest(project, checksums);
  const read = JSON.parse(JSON.stringify(text));
  for (const field of ['version', 'homepage', 'license']) {
    assert.equal(typeof read[field], 'string', field);
  }
  assert.equal(read.architecture['64bit'].hash, '2'.repeat(64));
  assert.match(read.architecture['64bit'].url, /^https:.*_windows_amd64\.zip$/);
  assert.equal(read.bin, 'backstage-oidc-helper.exe');
  assert.match(read.autoupdate.architecture['64bit'].url, /\/v\$version\/backstage-oidc-helper_\$version_windows_amd64\.zip$/);
  assert.match(read['##'], /Never run/);
});

test('the formula and the manifest of a fork name its own files', () => {
  const fork = readProject({ GITHUB_SERVER_URL: 'https://git.example.com', GITHUB_REPOSITORY: 'a/fork' });
  for (const text of [formula(fork, checksums), JSON.stringify(manifest(fork, checksums))]) {
    assert.match(text, /"https:\/\/git\.example\.com\/a\/fork\/releases\/download\/v/);
    assert.doesNotMatch(text, /backstage\/oidc-helper/);
  }
  assert.equal(readProject({}).repository, 'https://github.com/backstage/oidc-helper');
});

test('a formula is not written while an archive is missing', () => {
  assert.throws(() => formula(project, new Map()), /_darwin_arm64\.tar\.gz is not among the released files: build it first/);
});

test('the commit is that of git, and a change that is not committed is said', async () => {
  run('git', 'init', '--quiet');
  run('git', '-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '--allow-empty', '--message', 'first');
  const clean = readCommit({}, folder);
  assert.equal(clean.commit, run('git', 'rev-parse', '--short=12', 'HEAD').trim());
  assert.equal(clean.seconds, Number(run('git', 'log', '-1', '--format=%ct')));
  await writeFile(join(folder, 'new'), '');
  run('git', 'add', 'new');
  assert.equal(readCommit({}, folder).commit, `${clean.commit}-dirty`);
});

test('a source with changes that are not committed is refused where only what is committed may be released', async () => {
  run('git', 'init', '--quiet');
  run('git', '-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '--allow-empty', '--message', 'first');
  assert.equal(readCommit({ COMMITTED_ONLY: '1' }, folder).commit, readCommit({}, folder).commit);
  await writeFile(join(folder, 'new'), '');
  run('git', 'add', 'new');
  assert.throws(() => readCommit({ COMMITTED_ONLY: '1' }, folder), /not committed \(new\), which COMMITTED_ONLY refuses: commit or undo them/);
  assert.throws(() => readCommit({ COMMITTED_ONLY: '1', BUILD_COMMIT: '0123456789ab-dirty' }, folder), /COMMITTED_ONLY refuses/);
});

test('a source without .git is told its commit, or says how to', () => {
  assert.deepEqual(readCommit({ BUILD_COMMIT: '0123456789ab', SOURCE_DATE_EPOCH: '1700000000' }, folder), { commit: '0123456789ab', seconds: 1_700_000_000 });
  assert.equal(readCommit({ BUILD_COMMIT: '0123456789ab' }, folder).seconds, Date.UTC(1980, 0, 1) / 1000);
  assert.throws(() => readCommit({}, folder), /git knows no commit here: set BUILD_COMMIT to the first twelve digits/);
  assert.throws(() => readCommit({ BUILD_COMMIT: 'v0.1.0' }, folder), /BUILD_COMMIT is v0\.1\.0: name the first twelve digits/);
});

test('one system can be chosen, and one that is not released is named', () => {
  assert.deepEqual(chosenTargets('linux_amd64,darwin_arm64').map(({ name }) => name), ['linux_amd64', 'darwin_arm64']);
  assert.deepEqual(chosenTargets(undefined), TARGETS);
  assert.throws(() => chosenTargets('solaris'), /there is no solaris: name some of linux_amd64, linux_arm64, /);
});

test('a program of another system or processor, a linked one, one without its commit and one that tells of the machine are not packed', () => {
  const [amd64, arm64, windows] = TARGETS;
  if (!amd64 || !arm64 || !windows) {
    assert.fail('these are released');
  }
  const elf = elfOf({ interpreter: false });
  assert.equal(flawOf(elf, amd64, '0123456789ab'), undefined);
  assert.equal(flawOf(elf, arm64, '0123456789ab'), 'is not for the processor arm64');
  assert.equal(flawOf(elf, windows, '0123456789ab'), 'is no program for win32');
  assert.match(flawOf(elfOf({ interpreter: true }), amd64, '0123456789ab') ?? '', /^needs a dynamic linker/);
  assert.equal(flawOf(elf, amd64, 'ba9876543210'), 'does not name the commit ba9876543210');
  const telling = Buffer.concat([elf, Buffer.from('/home/a/.cargo/registry/src/index/x.rs')]);
  assert.equal(folderNamedIn(elf), undefined);
  assert.match(folderNamedIn(telling) ?? '', /^names \/registry\/src\/, a folder of the machine/);
});

test('a program with the jitter entropy of AWS-LC is not packed', async () => {
  await assert.rejects(inspectLibraries(folder), /has no library aws_lc_sys$/);
  await writeFile(join(folder, 'libaws_lc_sys-0.rlib'), 'aws_lc_0_1_0_CRYPTO_sysrand');
  await inspectLibraries(folder);
  await writeFile(join(folder, 'libaws_lc_sys-1.rlib'), 'aws_lc_0_1_0_jent_read_entropy');
  await assert.rejects(inspectLibraries(folder), /libaws_lc_sys-1\.rlib has jitter entropy: build in the checkout/);
});

test('a program that only newer Macs would run, and one that is not signed, are not packed', () => {
  /** @param {string} name @param {{macOs: number, signed: boolean}} options */
  const flaw = (name, options) => {
    const target = TARGETS.find((one) => one.name === name) ?? assert.fail('it is released');
    return flawOf(machOf({ ...options, processor: target.cpu === 'arm64' ? 0x0100000c : 0x01000007 }), target, '0123456789ab') ?? '';
  };
  assert.equal(flaw('darwin_arm64', { macOs: 11, signed: true }), '');
  assert.match(flaw('darwin_arm64', { macOs: 15, signed: true }), /^is not for macOS 11, but only for newer ones/);
  assert.match(flaw('darwin_arm64', { macOs: 11, signed: false }), /^is not signed/);
  assert.equal(flaw('darwin_amd64', { macOs: 11, signed: false }), '', 'a program for Intel needs no signature');
  assert.match(flaw('darwin_amd64', { macOs: 15, signed: false }), /^is not for macOS 11/);
});

/** @param {{macOs: number, signed: boolean, processor: number}} options */
function machOf({ macOs, signed, processor }) {
  const program = Buffer.alloc(32 + 24 + 16);
  program.writeUInt32LE(0xfeedfacf, 0);
  program.writeUInt32LE(processor, 4);
  program.writeUInt32LE(2, 16);
  program.writeUInt32LE(0x32, 32);
  program.writeUInt32LE(24, 36);
  program.writeUInt32LE(1, 40);
  program.writeUInt32LE(macOs << 16, 44);
  program.writeUInt32LE(signed ? 0x1d : 0x26, 56);
  program.writeUInt32LE(16, 60);
  return Buffer.concat([program, Buffer.from('0123456789ab')]);
}

/** @param {{interpreter: boolean}} options */
function elfOf({ interpreter }) {
  const elf = Buffer.alloc(0x40 + 0x38);
  elf.write('\u007fELF', 'latin1');
  elf.writeUInt16LE(0x3e, 0x12);
  elf.writeBigUInt64LE(0x40n, 0x20);
  elf.writeUInt16LE(0x38, 0x36);
  elf.writeUInt16LE(1, 0x38);
  elf.writeUInt32LE(interpreter ? 3 : 1, 0x40);
  return Buffer.concat([elf, Buffer.from('0123456789ab')]);
}
