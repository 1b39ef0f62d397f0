import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, delimiter } from 'node:path';
import { createInterface } from 'node:readline';
import { it } from 'node:test';

import { plainEnvironment, PROGRAM } from '../../dev/demo/program.mjs';
import { environment, personAt } from './environment.mjs';
import { confirmAndLogIn } from './person.mjs';

it('the command that the dialog copies, pasted into a shell: the pods appear in the open Kubernetes tab', async (test) => {
  // For a user who runs the command, there is no running helper.
  await environment.helper.stop();
  test.after(() => environment.helper.start());
  const felix = await personAt(test, 'felix', { permissions: ['clipboard-read', 'clipboard-write'] });
  await felix.openKubernetesTab('web');
  const loaded = await felix.page.evaluate(() => performance.timeOrigin);
  const prompt = felix.page.getByRole('dialog').filter({ hasText: 'Login Required' });
  await prompt.waitFor();
  await felix.keepPicture('login-required-in-tab');
  await prompt.getByRole('button', { name: 'Log in' }).click();
  await felix.dialog.getByRole('button', { name: 'Copy binary command' }).click();
  const command = await felix.page.evaluate(() => navigator.clipboard.readText());
  // The page shows dots for the token, which is in what is copied by hand, too.
  const code = felix.dialog.locator('code');
  assert.match(await code.innerText(), /^BACKSTAGE_SESSION_TOKEN='•+' /);
  await code.click({ clickCount: 3 });
  await felix.page.keyboard.press('ControlOrMeta+c');
  assert.equal(await felix.page.evaluate(() => navigator.clipboard.readText()), command);
  assert.ok(command.endsWith(` --backend '${environment.url}'`), 'the command names another Backstage');
  const terminal = startShell(command);
  test.after(() => terminal.close());
  const tab = await felix.context.newPage();
  await tab.goto(await terminal.link);
  await confirmAndLogIn(tab, 'felix');
  await tab.close();
  assert.equal(await terminal.exited, 0);
  await felix.dialog.waitFor({ state: 'detached' });
  // The tab asks again by itself.
  assert.deepEqual(await felix.podsOf('Development'), ['web-0', 'web-1']);
  assert.equal(await felix.blankClusters.count(), 0);
  assert.match(await felix.logOf('web-0'), /web-0 ready/);
  assert.equal(await felix.page.evaluate(() => performance.timeOrigin), loaded);
});

/**
 * Runs the command as a user with the program in their path does.
 *
 * @param {string} command
 */
function startShell(command) {
  const own = plainEnvironment();
  const shell = spawn('sh', ['-c', command], {
    env: { ...own, PATH: `${dirname(PROGRAM)}${delimiter}${own['PATH']}`, NO_BROWSER: 'true' },
    stdio: ['ignore', 'ignore', 'pipe'],
    // Its own process group: closing the terminal also ends the command.
    detached: true,
  });
  const exited = once(shell, 'exit').then(([code]) => code);
  const close = () => shell.exitCode === null && shell.pid !== undefined && process.kill(-shell.pid);
  return { exited, link: linkIn(shell.stderr), close };
}

/**
 * @param {import('node:stream').Readable} output
 * @returns {Promise<string>} the link that the helper prints
 */
async function linkIn(output) {
  for await (const line of createInterface({ input: output })) {
    const [link] = /http:\/\/localhost:\d+\/go\/\S+/.exec(line) ?? [];
    if (link) {
      // Its later output must not block it.
      output.resume();
      return link;
    }
  }
  throw new Error('the command ended without a link');
}
