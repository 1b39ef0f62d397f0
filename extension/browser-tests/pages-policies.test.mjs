// An administrator's policy for Chromium: installs the packed extension from a server of theirs, and gives it its settings.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { createHash, createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';

import { chromium } from 'playwright-core';

import { inRepository } from '../../dev/setup/repository.mjs';
import { makeFolder } from '../build/folders.mjs';

const run = promisify(execFile);

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const ETC = '/etc/chromium';

/** The names in the example that an administrator replaces. */
const EXAMPLE = {
  id: 'abcdefghijklmnopabcdefghijklmnop',
  updates: 'https://intranet.example.com/backstage-oidc-helper/updates.xml',
};

/** @returns {string | undefined} why a policy cannot be given to a browser here */
function reason() {
  if (!existsSync(ETC)) {
    return `there is no ${ETC}`;
  }
  const can = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0;
  return can ? undefined : 'only root can put a folder in the place of /etc/chromium';
}

/**
 * Packs it as an administrator does, and with a key of its own.
 *
 * @param {string} folder
 * @param {string[]} origins that the administrator has added to those that are granted with the installation
 */
async function pack(folder, origins) {
  const extension = await makeFolder('chrome', '0.1.0', join(folder, 'built'));
  const path = join(extension, 'manifest.json');
  const manifest = JSON.parse(await readFile(path, 'utf8'));
  manifest.host_permissions.push(...origins);
  await writeFile(path, JSON.stringify(manifest));
  await run(CHROMIUM, ['--headless', '--no-sandbox', `--pack-extension=${extension}`]);
  const key = createPublicKey(await readFile(`${extension}.pem`)).export({ type: 'spki', format: 'der' });
  // An id is the beginning of the key's hash, with a to p as digits.
  const digits = createHash('sha256').update(key).digest('hex').slice(0, 32);
  const id = digits.replace(/./g, (digit) => String.fromCharCode(97 + Number.parseInt(digit, 16)));
  return { id, crx: await readFile(`${extension}.crx`) };
}

/**
 * An administrator's server, with the extension.
 *
 * @param {{ id: string, crx: Buffer }} packed
 */
async function serve({ id, crx }) {
  const server = createServer((request, response) => {
    if (request.url === '/extension.crx') {
      response.writeHead(200, { 'content-type': 'application/x-chrome-extension' }).end(crx);
      return;
    }
    response.writeHead(200, { 'content-type': 'text/xml' }).end(
      `<?xml version="1.0"?><gupdate xmlns="http://www.google.com/update2/response" protocol="2.0"><app appid="${id}">` +
        `<updatecheck codebase="http://${request.headers.host}/extension.crx" version="0.1.0"/></app></gupdate>`,
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, updates: `http://127.0.0.1:${Object(server.address()).port}/updates.xml` };
}

/**
 * A program that starts Chromium with these policies, and no other on this machine.
 *
 * @param {string} folder
 * @param {string} policy
 */
async function chromiumWith(folder, policy) {
  const managed = join(folder, 'etc/policies/managed');
  await mkdir(managed, { recursive: true });
  await writeFile(join(managed, 'extension.json'), policy);
  // Else nothing, this test included, may look into an extension that a policy has installed.
  await writeFile(join(managed, 'test.json'), '{ "DeveloperToolsAvailability": 1 }');
  const program = join(folder, 'chromium');
  const inside = `mount --bind "$0" ${ETC} && exec ${CHROMIUM} "$@"`;
  await writeFile(program, `#!/bin/sh\nexec unshare --mount sh -c '${inside}' '${join(folder, 'etc')}' "$@"\n`);
  await chmod(program, 0o755);
  return program;
}

/**
 * @param {import('node:test').TestContext} test
 * @param {string[]} origins
 * @returns {Promise<import('playwright-core').Page>} the options page
 */
async function installed(test, origins) {
  const folder = await mkdtemp(join(tmpdir(), 'extension-policy-'));
  const packed = await pack(folder, origins);
  const { server, updates } = await serve(packed);
  test.after(() => server.close());
  // Hooks run in the order in which they are made: the folder goes when the browser is gone.
  let close = async () => {};
  test.after(async () => {
    await close();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  });
  const example = await readFile(inRepository('extension/policies/chrome.json'), 'utf8');
  const policy = example.replaceAll(EXAMPLE.id, packed.id).replaceAll(EXAMPLE.updates, updates);
  assert.ok(policy.includes(packed.id) && policy.includes(updates));
  const context = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: await chromiumWith(folder, policy),
    headless: true,
    chromiumSandbox: false,
    args: ['--disable-gpu', '--no-first-run'],
    ignoreDefaultArgs: ['--disable-extensions', '--disable-background-networking'],
  });
  close = () => context.close();
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'));
  assert.equal(new URL(worker.url()).host, packed.id);
  const page = await context.newPage();
  await page.goto(`chrome-extension://${packed.id}/options.html`);
  await page.getByText('Your administrator manages this list').waitFor();
  return page;
}

const skip = reason() ?? false;

it('policies/chrome.json installs the extension and sets its list, and the browser still asks for the access', { skip }, async (test) => {
  const page = await installed(test, []);
  assert.deepEqual(await page.locator('.portals h2').allTextContents(), ['https://backstage.example.com']);
  await page.getByText('https://idp.example.com').waitFor();
  await page.getByRole('button', { name: 'Allow: https://backstage.example.com' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Remove' }).count(), 0);
});

it('where the administrator has put the addresses into the manifest, no question is asked', { skip }, async (test) => {
  const page = await installed(test, ['https://backstage.example.com/*', 'https://idp.example.com/*']);
  await page.getByText('Given').waitFor();
  await page.getByRole('button', { name: 'Check: https://backstage.example.com' }).waitFor();
});
