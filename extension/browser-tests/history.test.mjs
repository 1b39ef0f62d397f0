import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { it } from 'node:test';

import { ACCESS, configure, front, launch, PORTAL, userAt } from './environment.mjs';

it('Chromium: after a login no file of the browser\'s profile holds the code or the session token', async (test) => {
  const { browser, kept } = await profileAfterLogin(test, 'Chromium');
  assert.deepEqual(await filesWith(browser.profile, kept.sessionToken), []);
  assert.deepEqual(await filesWith(browser.profile, kept.code), []);
});

it('Firefox: after a login only its history holds the code, which is spent: it has no rule on the provider\'s answer', async (test) => {
  const { browser, kept } = await profileAfterLogin(test, 'Firefox');
  assert.deepEqual(await filesWith(browser.profile, kept.sessionToken), []);
  const files = await filesWith(browser.profile, kept.code);
  assert.deepEqual(files.filter((file) => !file.startsWith('places.sqlite')), []);
});

/**
 * @param {import('node:test').TestContext} test
 * @param {import('./browsers/browser.mjs').ExtendedBrowser['name']} name
 */
async function profileAfterLogin(test, name) {
  const browser = await launch(test, name, ACCESS);
  await configure(browser, [PORTAL]);
  const user = userAt(test, browser);
  const login = await user.begin();
  await login.logIn();
  assert.equal((await login.result()).ok, true);
  const code = front.callbacks.at(-1)?.searchParams.get('code') ?? '';
  await browser.close();
  // The search does find what the browser keeps: the portal's address.
  assert.notDeepEqual(await filesWith(browser.profile, new URL(user.portal).host), []);
  return { browser, kept: { code, sessionToken: login.sessionToken } };
}

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
