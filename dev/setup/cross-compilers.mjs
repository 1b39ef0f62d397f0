import { inRepository } from './repository.mjs';
import { pyPiFolder, pyPiProgram } from './pypi-packages.mjs';

/** The other systems that people have; each needs a C compiler for the C code below rustls. */
export const WINDOWS = 'x86_64-pc-windows-gnu';
export const MACOS = 'aarch64-apple-darwin';

/** What is compiled for them stays here, so that no other build waits for its lock. */
export const CROSS_BUILDS = inRepository('target/cross');

/** The program that stands in for cargo, and the variables that it needs. */
export const ZIGBUILD = pyPiProgram('zig', 'cargo-zigbuild');
export const ZIGBUILD_VARIABLES = { PYTHONPATH: pyPiFolder('zig') };
