import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { inRepository } from '../../dev/setup/repository.mjs';
import { makeArchives } from './archives.mjs';
import { BROWSERS, manifestFor } from './folders.mjs';
import { readVersion } from './version.mjs';

/** What the linter, which knows Firefox alone, finds in the build for Chrome, and why it is right there. */
const FIREFOX_ALONE = {
  BACKGROUND_SERVICE_WORKER_NOFALLBACK: 'Chrome has service workers, and refuses what Firefox has',
  ADDON_ID_REQUIRED: 'the store gives Chrome extensions their ids',
  MISSING_DATA_COLLECTION_PERMISSIONS: 'a key that Chrome does not know',
  STORAGE_MANAGED: 'follows from the missing id',
};

/** @type {string} */
let folder;
/** @type {{name: string}[]} */
let archives;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'extension-'));
  archives = await makeArchives(await readVersion(), join(folder, 'one'));
});

after(() => rm(folder, { recursive: true, force: true }));

test('the archives have the same bytes each time', async () => {
  await makeArchives(await readVersion(), join(folder, 'two'));
  assert.deepEqual(archives.map(({ name }) => name), BROWSERS.map((browser) => `backstage-oidc-helper_0.1.0_${browser}.zip`));
  for (const { name } of archives) {
    assert.ok((await readFile(join(folder, 'one', name))).equals(await readFile(join(folder, 'two', name))), name);
  }
});

test('no script is fetched from elsewhere, minified or made at run time', async () => {
  for (const script of ['background', 'content', 'popup', 'options', 'confirm', 'callback']) {
    const text = await readFile(join(folder, 'one/chrome', `${script}.js`), 'utf8');
    assert.doesNotMatch(text, /\beval\(|new Function\(|\bimport\(|importScripts|console\./, script);
    assert.ok(text.split('\n').every((line) => line.length < 500), script);
  }
});

test('each browser gets no more rights than it needs', async () => {
  const [chrome, firefox] = await Promise.all(BROWSERS.map((browser) => manifestFor(browser, '1.2.3')));
  const shared = ['declarativeNetRequestWithHostAccess', 'storage', 'scripting', 'alarms'];
  assert.deepEqual(chrome?.['permissions'], [...shared, 'webRequest']);
  assert.deepEqual(firefox?.['permissions'], shared);
  assert.deepEqual(chrome?.['host_permissions'], ['http://localhost:8000/*']);
  // Firefox knows no ports in patterns.
  assert.deepEqual(firefox?.['host_permissions'], ['http://localhost/*']);
  for (const manifest of [chrome, firefox]) {
    assert.equal(manifest?.['incognito'], 'not_allowed');
    assert.equal(manifest?.['externally_connectable'], undefined);
    assert.equal(manifest?.['content_scripts'], undefined);
    const { extension_pages: policy } = /** @type {{extension_pages: string}} */ (manifest?.['content_security_policy']);
    assert.match(policy, /default-src 'none'; script-src 'self';.* frame-ancestors 'none'/);
  }
});

test("Mozilla's linter has nothing to say about either", async () => {
  const program = inRepository('extension/node_modules/web-ext/bin/web-ext.js');
  for (const browser of BROWSERS) {
    const line = [program, 'lint', '--source-dir', join(folder, 'one', browser), '--output', 'json', '--no-input', '--no-config-discovery'];
    const { stdout } = await promisify(execFile)(process.execPath, line).catch((failed) => failed);
    const { errors, warnings } = JSON.parse(stdout);
    const left = [...errors, ...warnings].filter(({ code }) => browser === 'firefox' || !(code in FIREFOX_ALONE));
    assert.deepEqual(left.map(({ code, message }) => `${browser} ${code}: ${message}`), []);
  }
});
