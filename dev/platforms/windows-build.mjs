import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { runCommand } from '../setup/command.mjs';
import { CROSS_BUILDS, WINDOWS } from '../setup/cross-compilers.mjs';
import { inRepository } from '../setup/repository.mjs';

/** The program for Windows, as cargo leaves it, and the DLL beside it that Wine lacks: Windows looks there first. */
export const WINDOWS_PROGRAM = inRepository('target/cross', WINDOWS, 'debug/backstage-oidc-helper.exe');
export const DLL = inRepository('target/cross', WINDOWS, 'debug/bcryptprimitives.dll');
/** A program that does nothing, to compare with. */
export const EMPTY_PROGRAM = inRepository('target/cross', WINDOWS, 'debug/waits.exe');
const DLL_SOURCE = fileURLToPath(new URL('bcryptprimitives.c', import.meta.url));
const EMPTY_SOURCE = fileURLToPath(new URL('waits.c', import.meta.url));

/**
 * Compiles and links the program for Windows, with Debian's mingw.
 *
 * @param {string} log
 */
export async function buildForWindows(log) {
  await mkdir(CROSS_BUILDS, { recursive: true });
  const build = ['cargo', 'build', '--locked', '--bin', 'backstage-oidc-helper', '--target', WINDOWS, '--target-dir', CROSS_BUILDS];
  await runCommand({ line: ['nice', ...build], log });
  await runCommand({ line: ['x86_64-w64-mingw32-gcc', '-shared', '-O2', '-o', DLL, DLL_SOURCE, '-ladvapi32'], log });
  await runCommand({ line: ['x86_64-w64-mingw32-gcc', '-O2', '-o', EMPTY_PROGRAM, EMPTY_SOURCE], log });
}
