import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { REPOSITORY } from '../setup/repository.mjs';
import { whyNotOnMacOs } from './mach-o.mjs';

/** @typedef {import('./targets.mjs').Target} Target */

/** Where each format of programs says what processor it is for, and what it says there. */
const FORMATS = {
  linux: { magic: '7f454c46', at: (/** @type {Buffer} */ _) => 0x12, x64: '3e00', arm64: 'b700' },
  win32: { magic: '4d5a', at: (/** @type {Buffer} */ program) => program.readUInt32LE(0x3c) + 4, x64: '6486', arm64: '64aa' },
  darwin: { magic: 'cffaedfe', at: (/** @type {Buffer} */ _) => 4, x64: '07000001', arm64: '0c000001' },
};

/** The kind of an ELF program header that names a dynamic linker. */
const INTERPRETER = 3;

/**
 * Checks a program before it is packed.
 *
 * @param {string} path
 * @param {Target} target
 * @param {{commit: import('./project.mjs').Commit, profile: import('./builds.mjs').Profile}} release
 * @throws when it is for another system, needs libraries, names no commit, or names a folder of this machine
 */
export async function inspectProgram(path, target, { commit, profile }) {
  const program = await readFile(path);
  // Without optimizations there is what a debugger needs, and it needs the folders.
  const flaw = flawOf(program, target, commit.commit) ?? (profile === 'dev' ? undefined : folderNamedIn(program));
  if (flaw !== undefined) {
    throw new Error(`${path} ${flaw}`);
  }
}

/**
 * Checks that AWS-LC was built as `.cargo/config.toml` has it (SECURITY.md, "Randomness"): the program has no symbols to see it by.
 *
 * @param {string} folder where cargo keeps the libraries of that build
 * @throws when there is none, or one that measures the processor's jitter at each start
 */
export async function inspectLibraries(folder) {
  const libraries = (await readdir(folder)).filter((name) => /^libaws_lc_sys-.*\.rlib$/.test(name));
  if (libraries.length === 0) {
    throw new Error(`${folder} has no library aws_lc_sys`);
  }
  for (const library of libraries) {
    if ((await readFile(join(folder, library))).includes('jent_read_entropy')) {
      throw new Error(`${join(folder, library)} has jitter entropy: build in the checkout, where cargo reads .cargo/config.toml, and remove older builds`);
    }
  }
}

/**
 * @param {Buffer} program
 * @param {Target} target
 * @param {string} commit
 * @returns {string | undefined}
 */
export function flawOf(program, target, commit) {
  const format = FORMATS[target.os];
  if (!program.toString('hex', 0, 4).startsWith(format.magic)) {
    return `is no program for ${target.os}`;
  }
  const processor = format[target.cpu];
  const at = format.at(program);
  if (program.toString('hex', at, at + processor.length / 2) !== processor) {
    return `is not for the processor ${target.cpu}`;
  }
  if (target.os === 'linux' && isDynamic(program)) {
    return 'needs a dynamic linker, which not every distribution has at the same place';
  }
  const refusal = target.os === 'darwin' ? whyNotOnMacOs(program, target.cpu) : undefined;
  if (refusal !== undefined) {
    return refusal;
  }
  return program.includes(commit) ? undefined : `does not name the commit ${commit}`;
}

/**
 * @param {Buffer} program
 * @returns {string | undefined} what is wrong with it
 */
export function folderNamedIn(program) {
  const folder = [REPOSITORY, `${homedir()}/.cargo/`, '/registry/src/'].find((one) => program.includes(one));
  return folder === undefined ? undefined : `names ${folder}, a folder of the machine that it was built on`;
}

/**
 * @param {Buffer} elf of 64 bits, little endian
 * @returns {boolean}
 */
function isDynamic(elf) {
  const [start, size, count] = [Number(elf.readBigUInt64LE(0x20)), elf.readUInt16LE(0x36), elf.readUInt16LE(0x38)];
  return Array.from({ length: count }, (_, at) => elf.readUInt32LE(start + at * size)).includes(INTERPRETER);
}
