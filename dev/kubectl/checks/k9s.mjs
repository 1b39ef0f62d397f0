import { dirname } from 'node:path';

import { goProgram } from '../../setup/go-programs.mjs';

/**
 * k9s in a terminal: lists the pods, and opens a shell in the first.
 *
 * @param {import('../person.mjs').Person} felix
 */
export async function looksAround(felix) {
  // It runs the kubectl that it finds.
  const PATH = `${dirname(goProgram('kubectl'))}:${felix.variables['PATH']}`;
  const k9s = felix.with({ PATH, TERM: 'xterm-256color' }).terminal(goProgram('k9s'), '--namespace', 'team-a', '--command', 'pods', '--logoless', '--splashless');
  const type = (/** @type {string} */ text) => k9s.write(`${JSON.stringify(text)}\n`);
  try {
    await k9s.prints(/web-0/);
    await k9s.prints(/web-1/);
    type('s');
    // Its own screen is left before the shell has the terminal.
    await k9s.prints(/<<K9s-Shell>>/);
    type('echo "in $POD"\n');
    await k9s.prints(/in web-[01]\r\n/);
    type('exit\n');
    await k9s.prints(/web-0/);
  } finally {
    await k9s.stop();
  }
}
