import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, beforeEach, it } from 'node:test';

import { add, portals } from './options-form.mjs';
import { askedFor, ExtensionPages, keepPicture, overflow, violations } from './pages-in-chromium.mjs';

/** @typedef {import('playwright-core').Page} Page */

const there = { appUrl: 'https://backstage.example.com', backendUrl: 'https://api.example.com', providers: ['https://idp.example.com'] };

/** @type {ExtensionPages} */
let pages;
/** A server on this machine, of which the extension has the permission from the beginning. */
const server = createServer((request, response) => {
  questions.push({ path: request.url ?? '', cookie: request.headers.cookie });
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
});
/** @type {{ path: string, cookie: string | undefined }[]} */
let questions = [];
let answer = { status: 200, body: Object({}) };
let address = '';

before(async () => {
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = Object(server.address());
  address = `http://localhost:${port}`;
  pages = await ExtensionPages.launch();
});
beforeEach(() => {
  questions = [];
  answer = {
    status: 200,
    body: {
      version: '0.1.0',
      appUrl: address,
      redirectUri: 'http://localhost:8000/',
      clusters: [{ name: 'dev', title: 'Development' }, { name: 'prod', title: 'Production' }],
    },
  };
});
after(async () => {
  await pages?.close();
  server.close();
});

/** @param {Page} page */
const formSays = (page) => page.locator('#form-said');

for (const scheme of /** @type {const} */ (['light', 'dark'])) {
  it(`axe finds nothing wrong with the options, from 320 pixels to a wide screen: ${scheme}`, async () => {
    const stored = { local: { portals: [{ appUrl: address }, there] } };
    for (const [name, width] of /** @type {const} */ ([['small', 320], ['wide', 1600]])) {
      const page = await pages.open('options', { stored, scheme, size: { width, height: 900 } });
      await page.locator('.portals').waitFor();
      await page.getByText('More').click();
      assert.deepEqual(await violations(page), [], name);
      assert.equal(await overflow(page), 0, name);
      await keepPicture(page, `options-${name}-${scheme}`);
      await page.close();
    }
  });
}

it('a Backstage is added by the keyboard, after its backend was asked, and it says what was found', async () => {
  const page = await pages.open('options');
  await page.keyboard.press('Tab');
  assert.equal(await page.locator(':focus').getAttribute('id'), 'address');
  await page.keyboard.type(` ${address}/ `);
  await page.keyboard.press('Enter');
  await formSays(page).getByText(
    'Added. The backend answers (version 0.1.0), with these clusters: Development, Production. You can log in from Backstage.',
  ).waitFor();
  assert.deepEqual(questions, [{ path: '/api/cluster-auth/info', cookie: undefined }]);
  assert.deepEqual(await portals(page), [{ appUrl: address }]);
  assert.equal(await page.getByLabel('Address of Backstage').inputValue(), '');
  await page.getByRole('button', { name: `Check: ${address}` }).waitFor();
  await add(page, address);
  await formSays(page).getByText('in the list already').waitFor();
  await page.close();
});

it('the backend and the providers under "More" are kept as they were entered', async () => {
  const page = await pages.open('options');
  await page.getByText('More').click();
  await page.getByLabel('Address of the backend').fill(`${address}/backend`);
  await page.getByLabel('Addresses of the identity providers').fill('https://idp.example.com\nhttps://login.example.com\n');
  await page.getByLabel('Address of Backstage').fill(`${address}/portal`);
  // What the browser's question would be answered.
  await page.evaluate(() => void (chrome.permissions.request = async () => true));
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await formSays(page).getByText('Added.').waitFor();
  assert.equal(questions[0]?.path, '/backend/api/cluster-auth/info');
  const providers = ['https://idp.example.com', 'https://login.example.com'];
  assert.deepEqual(await portals(page), [{ appUrl: `${address}/portal`, backendUrl: `${address}/backend`, providers }]);
  await page.close();
});

it('what is no address is told at its field, and nothing is asked or kept', async () => {
  const page = await pages.open('options', { allows: true });
  for (const typed of ['', 'my backstage', 'http://backstage.example.com', 'https://u:p@x.example', 'ftp://x.example']) {
    await add(page, typed);
    await formSays(page).getByText('This is no address of a Backstage: enter one').waitFor();
    const field = page.locator('#address');
    assert.equal(await field.getAttribute('aria-invalid'), 'true');
    assert.match((await field.getAttribute('aria-describedby')) ?? '', /form-said/);
  }
  await page.locator('#address').fill(address);
  await page.locator('summary').click();
  await page.locator('#backend').fill('nothing');
  await page.locator('summary').click();
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await formSays(page).getByText('This is no address of a backend').waitFor();
  // The field is shown, though "More" was closed.
  assert.equal(await page.locator(':focus').getAttribute('id'), 'backend');
  await page.locator('#backend').fill('');
  await page.locator('#providers').fill('https://idp.example.com idp.example');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await formSays(page).getByText('idp.example is no address of an identity provider').waitFor();
  assert.deepEqual([questions, await portals(page), await askedFor(page)], [[], undefined, []]);
  await page.close();
});

it('nothing is added where the browser does not allow it', async () => {
  const page = await pages.open('options', { allows: false });
  await add(page, 'https://backstage.example.com');
  await formSays(page).getByText('The browser did not allow it, so nothing was added').waitFor();
  assert.deepEqual(await askedFor(page), ['https://backstage.example.com/*']);
  assert.equal(await portals(page), undefined);
  await page.close();
});

it('nothing is added where no backend answers, and the sentence says which it is', async () => {
  const page = await pages.open('options');
  const good = answer.body;
  /** @type {[string, () => void][]} */
  const cases = [
    ['but it is no backend of this product', () => (answer = { status: 404, body: { error: {} } })],
    ['but it is no backend of this product', () => (answer = { status: 200, body: { version: 1 } })],
    ['which the extension cannot catch', () => (answer = { status: 200, body: { ...good, redirectUri: 'http://localhost:9000/' } })],
  ];
  for (const [sentence, change] of cases) {
    change();
    await add(page, address);
    await formSays(page).getByText(sentence).waitFor();
    await formSays(page).evaluate((element) => element.replaceChildren());
  }
  // Port 9 has no server.
  await add(page, 'http://localhost:9');
  await formSays(page).getByText('There is no answer at http://localhost:9: compare the address').waitFor();
  assert.equal(await portals(page), undefined);
  await page.close();
});

it('"Check" says what it finds now, and a backend of another Backstage is a hint', async () => {
  const page = await pages.open('options', { stored: { local: { portals: [{ appUrl: address }] } } });
  const said = page.locator('#said');
  await page.getByRole('button', { name: `Check: ${address}` }).click();
  await said.getByText('The backend answers (version 0.1.0)').waitFor();
  answer.body.appUrl = 'https://other.example.com';
  await page.getByRole('button', { name: `Check: ${address}` }).click();
  await said.getByText('It calls its Backstage https://other.example.com').waitFor();
  await page.close();
});

it('a Backstage is removed, its permissions are given back, and the focus is not lost', async () => {
  const page = await pages.open('options', { stored: { local: { portals: [{ appUrl: address }, there] } } });
  await page.evaluate(() => {
    const removed = Object.assign(window, { removed: /** @type {string[]} */ ([]) }).removed;
    chrome.permissions.remove = async ({ origins = [] }) => (removed.push(...origins), true);
  });
  const button = page.getByRole('button', { name: 'Remove: https://backstage.example.com' });
  await button.focus();
  await page.keyboard.press('Enter');
  await page.locator('#said').getByText('https://backstage.example.com was removed.').waitFor();
  assert.deepEqual(await portals(page), [{ appUrl: address }]);
  const origins = ['https://backstage.example.com/*', 'https://api.example.com/*', 'https://idp.example.com/*'];
  assert.deepEqual(await page.evaluate(() => Object(window).removed), origins);
  await page.locator('[data-portal]').nth(1).waitFor({ state: 'detached' });
  assert.equal(await page.locator(':focus').textContent(), 'Your Backstages');
  await page.close();
});

it('a permission that is missing is asked for with a button', async () => {
  const page = await pages.open('options', { stored: { local: { portals: [there] } }, allows: true });
  await page.getByRole('button', { name: 'Allow: https://backstage.example.com' }).click();
  await page.locator('#said').getByText('Allowed. You can log in from https://backstage.example.com now.').waitFor();
  await page.close();
});

it('the list of an administrator is shown and cannot be changed', async () => {
  const page = await pages.open('options', { managed: [there], stored: { local: { portals: [{ appUrl: address }] } } });
  await page.getByText('Your administrator manages this list').waitFor();
  assert.deepEqual(await page.locator('.portals h2').allTextContents(), [there.appUrl]);
  assert.equal(await page.getByRole('button', { name: 'Remove' }).count(), 0);
  assert.equal(await page.getByLabel('Address of Backstage').isVisible(), false);
  await page.close();
});

it('the confirmed accounts are forgotten', async () => {
  const page = await pages.open('options', { stored: { local: { confirmed: ['x'] } } });
  await page.getByRole('button', { name: 'Forget the confirmed accounts' }).click();
  await page.getByText('Forgotten: before the next login').waitFor();
  assert.deepEqual(await page.evaluate(async () => chrome.storage.local.get('confirmed')), {});
  await page.close();
});
