import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname } from 'node:path';
import { createInterface } from 'node:readline';

import { plainEnvironment, PROGRAM } from '../../dev/demo/program.mjs';
import { confirmAndLogIn, Person } from '../browser-tests/person.mjs';

/** Who the identity provider's user is to the guest of the document. */
const LOGIN = 'felix';

/** Someone who tries the app out: a guest, as the template has it. */
export class Guest extends Person {
  #api;

  /**
   * @param {ConstructorParameters<typeof Person>[1]} browser
   * @param {string} api the address of Backstage's API, which is not that of the app
   */
  constructor(browser, api) {
    super(LOGIN, browser);
    this.#api = api;
  }

  /** Presses the button of the template's sign-in page. */
  async enter() {
    await this.page.getByRole('button', { name: 'Enter' }).click();
  }

  /**
   * Makes the backend delete their logins.
   *
   * @override
   */
  async disconnect() {
    const answer = await fetch(new URL('/api/auth/guest/refresh', this.#api), { method: 'POST' });
    const { token } = Object(await answer.json()).backstageIdentity;
    const headers = { authorization: `Bearer ${token}` };
    const { status } = await fetch(new URL('/api/cluster-auth/tokens', this.#api), { method: 'DELETE', headers });
    assert.equal(status, 200);
  }

  /** Runs the command that the dialog offers, and logs in at the link that it prints. */
  async logInByCommand() {
    await this.dialog.getByRole('button', { name: 'Copy binary command' }).click();
    const command = await this.page.evaluate(() => navigator.clipboard.readText());
    const tab = await this.context.newPage();
    await tab.goto(await linkOf(command));
    await confirmAndLogIn(tab, LOGIN);
    await tab.close();
    await this.dialog.waitFor({ state: 'detached' });
    return command;
  }
}

/**
 * Runs a command as a person with the program in their path does; it ends with the login.
 *
 * @param {string} command
 * @returns {Promise<string>} the link that it prints
 */
async function linkOf(command) {
  const own = plainEnvironment();
  const shell = spawn('sh', ['-c', command], {
    env: { ...own, PATH: `${dirname(PROGRAM)}${delimiter}${own['PATH']}`, NO_BROWSER: 'true' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(shell, 'exit').then(([code]) => {
    throw new Error(`the command ended with ${code} and without a link`);
  });
  const link = (async () => {
    for await (const line of createInterface({ input: shell.stderr })) {
      const [found] = /http:\/\/localhost:\d+\/go\/\S+/.exec(line) ?? [];
      if (found) {
        // Its later output must not block it.
        shell.stderr.resume();
        return found;
      }
    }
    return ended;
  })();
  ended.catch(() => {});
  return link;
}
