// What people enter as the address of their Backstage, and what administrators do.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, beforeEach, it } from 'node:test';

import { add, portals } from './options-form.mjs';
import { askedFor, ExtensionPages } from './pages-in-chromium.mjs';

/** @type {ExtensionPages} */
let pages;
/** Answers as Backstage does: with the backend's answer in one place, and with its page everywhere else. */
const server = createServer((request, response) => {
  if (request.url === `${below}/api/cluster-auth/info`) {
    const body = { version: '0.1.0', appUrl: host + below, redirectUri: 'http://localhost:8000/', clusters: [{ title: 'Development' }] };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  } else {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Backstage</title>');
  }
});
let host = '';
let below = '';

before(async () => {
  server.listen(0, 'localhost');
  await once(server, 'listening');
  host = `http://localhost:${Object(server.address()).port}`;
  pages = await ExtensionPages.launch();
});
beforeEach(() => {
  below = '';
});
after(async () => {
  await pages?.close();
  server.close();
});

for (const [what, path, typed] of /** @type {const} */ ([
  ['of a page within it', '', '/catalog/default/component/web'],
  ['of a page with a query', '', '/catalog?filters%5Bkind%5D=component&limit=20#top'],
  ['of a page, where it lies below a path', '/backstage', '/backstage/catalog'],
  ['that ends with a slash', '/backstage', '/backstage/'],
])) {
  it(`a Backstage is found by the address ${what}`, async () => {
    below = path;
    const page = await pages.open('options');
    await add(page, host + typed);
    await page.locator('#form-said').getByText('Added. The backend answers').waitFor();
    assert.deepEqual(await portals(page), [{ appUrl: host + below }]);
    await page.close();
  });
}

it('a Backstage is found by an address without its scheme', async () => {
  const page = await pages.open('options');
  await add(page, host.replace('http://', ''));
  await page.locator('#form-said').getByText('Added. The backend answers').waitFor();
  assert.deepEqual(await portals(page), [{ appUrl: host }]);
  await page.close();
});

it('an address elsewhere without its scheme is taken for https', async () => {
  const page = await pages.open('options', { allows: false });
  for (const name of ['backstage.example.com', 'localhost.example.com']) {
    await add(page, name);
    await page.locator('#form-said').getByText('The browser did not allow it').waitFor();
    await page.locator('#form-said').evaluate((element) => element.replaceChildren());
  }
  assert.deepEqual(await askedFor(page), ['https://backstage.example.com/*', 'https://localhost.example.com/*']);
  await page.close();
});

it('one that is in the list already is asked for no second time, and leaves no access behind', async () => {
  const page = await pages.open('options', { allows: true, stored: { local: { portals: [{ appUrl: host }] } } });
  await page.evaluate(() => {
    const removed = Object.assign(window, { removed: /** @type {string[]} */ ([]) }).removed;
    chrome.permissions.remove = async ({ origins = [] }) => (removed.push(...origins), true);
  });
  await page.locator('[data-portal]').waitFor();
  await page.locator('summary').click();
  await page.locator('#providers').fill('https://idp.example.com');
  await add(page, host);
  await page.locator('#form-said').getByText('in the list already').waitFor();
  assert.deepEqual(await askedFor(page), []);
  // Only the backend's answer tells that this is the same one.
  await page.locator('#form-said').evaluate((element) => element.replaceChildren());
  await add(page, `${host}/catalog`);
  await page.locator('#form-said').getByText('in the list already').waitFor();
  assert.deepEqual(await page.evaluate(() => Object(window).removed), ['https://idp.example.com/*']);
  assert.deepEqual(await portals(page), [{ appUrl: host }]);
  await page.close();
});

it('a list of identity providers that is empty is not shown as any', async () => {
  const page = await pages.open('options', { managed: [{ appUrl: 'https://backstage.example.com', providers: [] }] });
  const listed = page.locator('[data-portal]');
  await listed.getByText('None, so no login can begin').waitFor();
  assert.equal(await listed.getByText('Each that Backstage names').count(), 0);
  await page.close();
});

it('with a Backstage its confirmed accounts are removed', async () => {
  const confirmed = [JSON.stringify([host, host, 'user:default/felix']), JSON.stringify(['https://x.example', 'https://x.example', 'user:default/felix'])];
  const page = await pages.open('options', { stored: { local: { portals: [{ appUrl: host }], confirmed } } });
  await page.getByRole('button', { name: `Remove: ${host}` }).click();
  await page.locator('#said').getByText('was removed').waitFor();
  assert.deepEqual(await page.evaluate(async () => (await chrome.storage.local.get('confirmed')).confirmed), confirmed.slice(1));
  await page.close();
});
