/** Kinds of load commands in a program for macOS. */
const CODE_SIGNATURE = 0x1d;
const BUILD_VERSION = 0x32;

/** Where the load commands begin. */
const HEADER = 32;

/** The oldest macOS that the program is to run on; Rust's own code wants this one on arm64. */
export const OLDEST_MACOS = 11;

/**
 * @param {Buffer} program for macOS, of 64 bits
 * @param {import('./targets.mjs').Target['cpu']} cpu
 * @returns {string | undefined} why macOS would not run it
 */
export function whyNotOnMacOs(program, cpu) {
  const commands = [...loadCommands(program)];
  const version = commands.find(({ kind }) => kind === BUILD_VERSION);
  if (version === undefined || program.readUInt16LE(version.at + 14) > OLDEST_MACOS) {
    return `is not for macOS ${OLDEST_MACOS}, but only for newer ones`;
  }
  // A Mac with Apple's processor ends a program for it at its start otherwise; a linker's own signature is enough. One for Intel needs none.
  const runs = cpu === 'x64' || commands.some(({ kind }) => kind === CODE_SIGNATURE);
  return runs ? undefined : 'is not signed, not even by its linker';
}

/** @param {Buffer} program */
function* loadCommands(program) {
  const count = program.readUInt32LE(16);
  for (let [at, index] = [HEADER, 0]; index < count; index += 1) {
    yield { kind: program.readUInt32LE(at), at };
    at += program.readUInt32LE(at + 4);
  }
}
