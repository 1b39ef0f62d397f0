import { readFile } from 'node:fs/promises';

import { LoopbackServer } from '../idp/loopback.mjs';
import { runCommand } from './command.mjs';
import { say } from './steps.mjs';

/** The port of the only redirect URI that the identity provider knows. */
const CALLBACK_PORT = 8000;

/** How often a long build reports its progress, in milliseconds. */
const REMINDER_MS = 20_000;

/**
 * Builds the program, and reports its progress now and then.
 *
 * @param {{log: string}} options
 */
export async function buildProgram({ log }) {
  const before = await compiled(log);
  const reminder = setInterval(async () => say(`  still building, ${(await compiled(log)) - before} crates so far`), REMINDER_MS);
  // Building a test with the program unifies the crates' features as `make test` does, so that no crate is built twice.
  const targets = ['--bin', 'backstage-oidc-helper', '--test', 'secrets_in_output'];
  try {
    await runCommand({ line: ['cargo', 'build', '--locked', ...targets], log });
  } finally {
    clearInterval(reminder);
  }
}

/**
 * @param {string} log
 * @returns {Promise<number>} how many crates it tells of
 */
async function compiled(log) {
  const text = await readFile(log, 'utf8').catch(() => '');
  return text.match(/^ +Compiling /gm)?.length ?? 0;
}

/** The helper would report it too, and name the program, but only after the build. */
export async function checkCallbackPort() {
  try {
    (await LoopbackServer.listen(CALLBACK_PORT)).close();
  } catch (cause) {
    throw new Error(
      `another program has port ${CALLBACK_PORT}, and the identity provider knows no other: stop it, then run this again (ss -ltnp names it)`,
      { cause },
    );
  }
}
