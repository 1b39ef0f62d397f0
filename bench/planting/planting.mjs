import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { runCommand } from '../../dev/setup/command.mjs';
import { inRepository, REPOSITORY } from '../../dev/setup/repository.mjs';

/** Where the program with the sleep is. */
export const PLANTED = inRepository('target/bench-planted.binary');

/** The path of `GET /token`. */
const FILE = 'src/backend/tokens/get_token.rs';
const BEFORE_THE_SLEEP = /( *)let caller = callers\.on_behalf\(&request\)\.await\?;\n/;
const SLEEP = 'std::thread::sleep(std::time::Duration::from_millis(1));';

/**
 * @param {string} source of that file
 * @returns {string} the same with the sleep
 */
export function planted(source) {
  if (!BEFORE_THE_SLEEP.test(source)) {
    throw new Error(`${FILE} is another one than bench/planting/planting.mjs knows: name there after which line a sleep is to be planted`);
  }
  return source.replace(BEFORE_THE_SLEEP, (line, indentation) => `${line}${indentation}${SLEEP}\n`);
}

/**
 * Builds the program with the sleep, from a copy of its sources: the product has no setting for such a thing. The build shares this
 * checkout's compiled crates, and takes the place of its binary until that is built again.
 *
 * @param {string} log
 */
export async function buildPlanted(log) {
  const folder = inRepository('target/bench-planted');
  await rm(folder, { recursive: true, force: true });
  const { stdout } = await promisify(execFile)('git', ['ls-files', 'src', 'config', 'docs', '.cargo', 'Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml'], { cwd: REPOSITORY });
  for (const file of stdout.trimEnd().split('\n')) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await cp(inRepository(file), join(folder, file));
  }
  await writeFile(join(folder, FILE), planted(await readFile(join(folder, FILE), 'utf8')));
  const line = ['cargo', 'build', '--release', '--locked', '--bin', 'backstage-oidc-helper'];
  await runCommand({ line, folder, variables: { CARGO_TARGET_DIR: inRepository('target') }, log });
  await rename(inRepository('target/release/backstage-oidc-helper'), PLANTED);
  // Cargo takes both for one crate: without these sources it builds this checkout's anew.
  await rm(folder, { recursive: true });
}
