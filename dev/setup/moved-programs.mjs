import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { runCommand } from './command.mjs';
import { contentsOf, folderOf, GO_PROGRAMS } from './go-programs.mjs';
import { goFor } from './go.mjs';
import { inRepository } from './repository.mjs';

/** The programs that are built on a clock which can be moved, with their Go modules. */
const PROGRAMS = /** @type {const} */ ({
  kubectl: { module: 'node', what: './kubectl' },
  k9s: { module: 'k9s', what: 'github.com/derailed/k9s' },
});

/** @typedef {keyof typeof PROGRAMS} MovedProgram */

const FOLDER = join(GO_PROGRAMS, 'moved-clock');
const NOTE = join(FOLDER, 'built');
const MOVED = inRepository('dev/kubectl/go/moved-clock/moved.go');

/** A Go program asks the kernel for the time, not the C library, so libfaketime does not reach it: its own `time.Now` is another one. */
const NOW = /(func Now\(\) Time \{\n\tsec, nsec, mono := \w+\(\)\n)/;

/**
 * @param {MovedProgram} name
 * @returns {string} where it is once it has been built
 */
export function movedProgram(name) {
  return join(FOLDER, name);
}

export function movedProgramsAreBuilt() {
  return existsSync(NOTE) && readFileSync(NOTE, 'utf8') === contents();
}

/** @param {string} log */
export async function buildMovedPrograms(log) {
  await mkdir(FOLDER, { recursive: true });
  for (const [name, { module, what }] of Object.entries(PROGRAMS)) {
    const folder = folderOf(module);
    const variables = await goFromLink(await goFor(folder, log), folder);
    const overlay = await replacedTime(variables.GOROOT);
    const unfinished = join(FOLDER, `${name}.unfinished`);
    const line = [join(variables.GOROOT, 'bin/go'), 'build', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', `-overlay=${overlay}`, '-o', unfinished, what];
    await runCommand({ line, folder, variables, log });
    await rename(unfinished, join(FOLDER, name));
  }
  await writeFile(NOTE, contents());
}

/**
 * Go refuses to replace files below its cache of modules, where a version of Go that it has fetched by itself is, too: so it is used by a link.
 *
 * @param {string} go the command
 * @param {string} folder the module's
 * @returns {Promise<{GOROOT: string, GOTOOLCHAIN: string}>}
 */
async function goFromLink(go, folder) {
  const { stdout } = await promisify(execFile)(go, ['env', 'GOROOT'], { cwd: folder });
  const GOROOT = join(FOLDER, 'go');
  await rm(GOROOT, { force: true });
  await symlink(stdout.trim(), GOROOT);
  return { GOROOT, GOTOOLCHAIN: 'local' };
}

/**
 * @param {string} goRoot
 * @returns {Promise<string>} the file that names what is replaced
 */
async function replacedTime(goRoot) {
  const original = join(goRoot, 'src/time/time.go');
  const text = await readFile(original, 'utf8');
  if (!NOW.test(text)) {
    throw new Error(`time.Now of ${original} is not as dev/setup/moved-programs.mjs knows it; make NOW there fit.`);
  }
  const [replaced, overlay] = [join(FOLDER, 'time.go'), join(FOLDER, 'overlay.json')];
  await writeFile(replaced, text.replace(NOW, '$1\tsec += moved()\n'));
  await writeFile(overlay, JSON.stringify({ Replace: { [original]: replaced, [join(goRoot, 'src/time/moved.go')]: MOVED } }));
  return overlay;
}

/** Another text for each content of what they are built from. */
function contents() {
  const modules = Object.values(PROGRAMS).map(({ module }) => contentsOf(module));
  return createHash('sha256').update([...modules, readFileSync(MOVED, 'utf8')].join('\0')).digest('hex');
}
