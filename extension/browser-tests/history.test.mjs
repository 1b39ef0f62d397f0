import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { it } from 'node:test';

import { configure, front, launch, NAME, PORTAL, userAt } from './environment.mjs';

/** Where a browser may keep the code, which is spent: Firefox has no rule on the provider's answer. */
const HISTORY = { Chromium: /^$/, Firefox: /^places\.sqlite/ }[NAME];

it(`${NAME}: after a login no file of the browser's profile holds the session token, and none but Firefox's history the code`, async (test) => {
  const browser = await launch(test);
  await configure(browser, [PORTAL]);
  const user = userAt(test, browser);
  const login = await user.begin();
  await login.logIn();
  assert.equal((await login.result()).ok, true);
  const code = front.callbacks.at(-1)?.searchParams.get('code') ?? '';
  await browser.close();
  // The search does find what the browser keeps: the portal's address.
  assert.notDeepEqual(await filesWith(browser.profile, new URL(user.portal).host), []);
  assert.deepEqual(await filesWith(browser.profile, login.sessionToken), []);
  assert.deepEqual((await filesWith(browser.profile, code)).filter((file) => !HISTORY.test(file)), []);
});

/**
 * @param {string} folder
 * @param {string} text
 * @returns {Promise<string[]>} the files that hold it
 */
async function filesWith(folder, text) {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = files.map((file) => join(file.parentPath, file.name));
  const found = await Promise.all(paths.map(async (path) => {
    const content = await readFile(path);
    return content.includes(text) || content.includes(Buffer.from(text, 'utf16le')) ? [relative(folder, path)] : [];
  }));
  return found.flat();
}
