#!/usr/bin/env node
// One login on real parts, all of them stopped at the end; run by demo.mjs.
import { say } from '../setup/steps.mjs';
import { logInByBrowser } from './headless.mjs';
import { logInByPerson } from './interactive.mjs';
import { Parts } from './parts.mjs';

const parts = new Parts();
/** What the last line says, once the login is done. */
let figures = '';

/**
 * @param {string} line the last one
 * @param {number} code
 */
async function end(line, code) {
  await parts.stop();
  say(line);
  process.exit(code);
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => end(figures ? `demo: ok (${figures})` : 'demo: failed (interrupted)', figures ? 0 : 130));
}
try {
  const logIn = process.argv.includes('--headless') ? logInByBrowser : logInByPerson;
  await logIn(parts, (shown) => {
    figures = shown;
  });
  await end(`demo: ok (${figures})`, 0);
} catch (error) {
  await end(`demo: failed (${error instanceof Error ? error.message : error}; logs are in target/demo)`, 1);
}
