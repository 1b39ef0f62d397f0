import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';

import { inRepository } from '../../dev/setup/repository.mjs';
import { textOf } from './browsers/browser.mjs';
import { environment, inExtension, launch, PORTAL, userAt } from './environment.mjs';
import { until } from './until.mjs';

/** Where Debian's Firefox looks for an administrator's file. */
const DISTRIBUTION = '/usr/lib/firefox-esr/distribution';

/**
 * @param {import('node:test').TestContext} test
 * @param {object} policies
 * @returns {Promise<string>} a program that is Firefox with these policies: it alone sees them, in a mount namespace of its own
 */
async function firefoxWith(test, policies) {
  const folder = await mkdtemp(join(tmpdir(), 'extension-policies-'));
  test.after(() => rm(folder, { recursive: true, force: true }));
  const distribution = join(folder, 'distribution');
  await mkdir(distribution);
  await writeFile(join(distribution, 'policies.json'), JSON.stringify(policies));
  const program = join(folder, 'firefox');
  await writeFile(program, `#!/bin/sh
exec unshare --mount sh -c 'mount --bind "$0" ${DISTRIBUTION} && exec /usr/bin/firefox-esr "$@"' ${distribution} "$@"
`);
  await chmod(program, 0o755);
  return program;
}

it('Firefox: the administrator\'s file names the portals; the user cannot add one, and a login goes on as usual', async (test) => {
  const policies = JSON.parse(await readFile(inRepository('extension/policies/firefox.json'), 'utf8'));
  const [settings] = Object.values(policies.policies['3rdparty'].Extensions);
  settings.portals = [PORTAL];
  // It would fetch the extension from a store.
  delete policies.policies.ExtensionSettings;
  const browser = await launch(test, await firefoxWith(test, policies));
  const user = userAt(test, browser);
  // What a user entered before counts no more.
  await inExtension(browser, (portals) => chrome.storage.local.set({ portals }), [{ appUrl: 'https://other.example' }]);
  const options = await browser.newTab();
  await options.open(`${browser.origin}/options.html`);
  await until('the administrator\'s portal is shown', async () => (await textOf(options)).includes(new URL(environment.url).host));
  assert.equal((await textOf(options)).includes('other.example'), false);
  const login = await user.begin();
  await login.logIn();
  assert.equal((await login.result()).ok, true);
});
