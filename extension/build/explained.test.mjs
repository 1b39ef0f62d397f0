// What is asked of people and administrators is explained to them, and the examples fit what the extension reads.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { it } from 'node:test';

import { inRepository } from '../../dev/setup/repository.mjs';
import { BROWSERS, manifestFor } from './folders.mjs';

/** @param {string} path */
const read = (path) => readFile(inRepository(path), 'utf8');
/** @param {string} path */
const json = async (path) => JSON.parse(await read(path));

const FIREFOX_ID = 'oidc-helper@backstage-oidc-helper';

/**
 * @param {string} document
 * @param {RegExp} heading
 * @returns {string} the section below it
 */
function section(document, heading) {
  const from = document.search(heading);
  assert.notEqual(from, -1, `${heading}`);
  const rest = document.slice(from).replace(/^.*\n/, '');
  return rest.split(/^## /m)[0] ?? '';
}

it('each permission of the manifests is explained to users and to the stores, and none that is not there', async () => {
  const users = section(await read('docs/extension.md'), /^## Permissions$/m);
  const stores = section(await read('extension/store/texts.md'), /^## Why each permission$/m);
  const manifests = await Promise.all(BROWSERS.map((browser) => manifestFor(browser, '0.1.0')));
  const permissions = new Set(manifests.flatMap((manifest) => /** @type {string[]} */ (manifest['permissions'])));
  const origins = new Set(
    manifests.flatMap((manifest) => [
      .../** @type {string[]} */ (manifest['host_permissions']),
      .../** @type {string[]} */ (manifest['optional_host_permissions']),
    ]),
  );
  assert.ok(permissions.size >= 5 && origins.size >= 3);
  for (const text of [users, stores]) {
    const explained = [...text.matchAll(/^\| `([A-Za-z]+)`/gm)].map(([, name = '']) => name);
    assert.deepEqual(explained.sort(), [...permissions].sort());
  }
  assert.deepEqual([...origins].filter((origin) => !stores.includes(`\`${origin}\``)), []);
});

it('the oldest versions of the browsers are those of the manifests', async () => {
  const text = await read('docs/extension.md');
  const [chrome, firefox] = await Promise.all(BROWSERS.map((browser) => manifestFor(browser, '0.1.0')));
  const { strict_min_version: oldest } = Object(firefox?.['browser_specific_settings']).gecko;
  assert.ok(text.includes(`| Chrome, Edge, Chromium, from version ${chrome?.['minimum_chrome_version']} |`));
  assert.ok(text.includes(`| Firefox, from version ${String(oldest).replace('.0', '')} |`));
});

it('each problem that the extension itself tells has its remedy in the documentation', async () => {
  const remedies = section(await read('docs/extension.md'), /^## When it does not work$/m);
  const codes = ['permission_missing', 'portal_unknown', 'browser_prevents', 'redirect_not_caught', 'not_confirmed', 'wrong_login_address', 'backend_unreachable'];
  const messages = await json('extension/_locales/en/messages.json');
  for (const code of codes) {
    assert.ok(messages[`problem_${code}`], code);
    assert.ok(remedies.includes(`| \`${code}\` |`), code);
  }
});

it('the examples of the policies fit the settings that the extension reads, and its ids', async () => {
  const [schema, chrome, firefox] = await Promise.all(
    ['managed_schema.json', 'policies/chrome.json', 'policies/firefox.json'].map((name) => json(`extension/${name}`)),
  );
  const [id = ''] = Object.keys(chrome.ExtensionSettings);
  assert.match(id, /^[a-p]{32}$/);
  assert.deepEqual(Object.keys(chrome['3rdparty'].extensions), [id]);
  const { ExtensionSettings, '3rdparty': settings } = firefox.policies;
  assert.deepEqual([Object.keys(ExtensionSettings), Object.keys(settings.Extensions)], [[FIREFOX_ID], [FIREFOX_ID]]);
  const manifest = await manifestFor('firefox', '0.1.0');
  assert.equal(Object(manifest['browser_specific_settings']).gecko.id, FIREFOX_ID);

  const known = Object.keys(schema.properties.portals.items.properties);
  for (const { portals } of [chrome['3rdparty'].extensions[id], settings.Extensions[FIREFOX_ID]]) {
    assert.ok(portals.length > 0);
    assert.deepEqual(portals.flatMap(Object.keys).filter((/** @type {string} */ key) => !known.includes(key)), []);
  }
  const admins = section(await read('docs/extension.md'), /^## For administrators$/m);
  const explained = [...admins.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name);
  assert.deepEqual(explained, known);
});
