import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { runCommand } from './command.mjs';
import { inRepository } from './repository.mjs';

/** The other systems that people have; each wants a C compiler for what is C below rustls. */
export const WINDOWS = 'x86_64-pc-windows-gnu';
export const MACOS = 'aarch64-apple-darwin';

/** What is compiled for them stays here, so that no other build waits for its lock. */
export const CROSS_BUILDS = inRepository('target/cross');

/** zig is a C compiler for macOS, cargo-zigbuild has cargo use it. */
const ZIG = ['cargo-zigbuild==0.24.1', 'ziglang==0.17.1'];
const ZIG_FOLDER = inRepository('target/zig', ZIG.join('+'));

/** The program that stands in for cargo, and the variables that it needs. */
export const ZIGBUILD = join(ZIG_FOLDER, 'bin/cargo-zigbuild');
export const ZIGBUILD_VARIABLES = { PYTHONPATH: ZIG_FOLDER };

/**
 * Installs what type-checks the program for Windows and macOS; Windows' C compiler is a system package.
 *
 * @param {{log: string, say: (line: string) => void}} options
 */
export async function installCrossCompilers({ log, say }) {
  await runCommand({ line: ['rustup', 'target', 'add', WINDOWS, MACOS], log });
  if (existsSync(ZIGBUILD)) {
    return;
  }
  say('Installing zig (a minute, once).');
  // pip moves a package's programs into place last.
  await runCommand({ line: ['pip3', 'install', '--quiet', '--upgrade', '--target', ZIG_FOLDER, ...ZIG], log });
}
