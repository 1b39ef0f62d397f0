import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';

import { LoopbackServer } from '../../dev/idp/loopback.mjs';
import { askedFor, ExtensionPages, keepPicture, overflow, violations } from './pages-in-chromium.mjs';
import { until } from './until.mjs';

/** @typedef {import('playwright-core').Page} Page */

const SIZE = { width: 320, height: 500 };

// Of localhost the extension has the permission from the beginning; of others the browser has to be asked.
const here = { appUrl: 'http://localhost:7000/portal' };
const there = { appUrl: 'https://backstage.example.com' };

/** What the page of Backstage said. */
const clusters = [
  { name: 'development', title: 'Development', connected: true, expiresAt: '2999-01-01T00:00:00Z' },
  { name: 'pro duction', title: 'Production', connected: false },
  { name: 'old', title: 'Old', connected: false, reason: 'refresh_refused' },
  { name: 'idle', title: 'Idle', connected: true, expiresAt: '2020-01-01T00:00:00Z' },
  { name: 'odd', title: 'A title that is so long that it does not fit into one line of the popup <b>', connected: false, reason: 'new_one' },
];
const stored = { local: { portals: [here] }, session: { states: { [here.appUrl]: { clusters, at: Date.now() } } } };

/** @type {ExtensionPages} */
let pages;
before(async () => {
  pages = await ExtensionPages.launch();
});
after(() => pages?.close());

/** @param {Page} page */
const notice = (page) => page.getByRole('status');

/**
 * What is opened goes nowhere: there is no such Backstage.
 *
 * @param {Page} page
 * @param {() => Promise<unknown>} press
 * @returns {Promise<string>} the address of the tab that it opens
 */
async function opens(page, press) {
  await page.evaluate(() => {
    const tab = { url: '' };
    Object.assign(window, { tab, close: () => {} });
    chrome.tabs.create = async (/** @type {{ url?: string }} */ { url = '' }) => Object(Object.assign(tab, { url }));
    chrome.runtime.openOptionsPage = async () => void Object.assign(tab, { url: 'options' });
  });
  await press();
  return page.evaluate(() => Object(window).tab.url);
}

for (const scheme of /** @type {const} */ (['light', 'dark'])) {
  it(`axe finds nothing wrong with the popup, and it is as wide as the smallest screen: ${scheme}`, async () => {
    const filled = { local: { portals: [here, there] }, session: stored.session };
    for (const [name, given] of Object.entries({ none: {}, clusters: { stored: filled } })) {
      const page = await pages.open('popup', { ...given, scheme, size: SIZE });
      await page.locator('main section').first().waitFor();
      assert.deepEqual(await violations(page), [], name);
      assert.equal(await overflow(page), 0, name);
      await keepPicture(page, `popup-${name}-${scheme}`);
      await page.close();
    }
  });
}

it('each cluster has its state, in the words of Backstage', async () => {
  const page = await pages.open('popup', { stored, size: SIZE });
  await page.locator('.clusters').waitFor();
  const states = await page.locator('.clusters .state').allTextContents();
  assert.match(states[0] ?? '', /^Connected until Jan 1, 2999|^Connected until Dec 31, 2998/);
  assert.deepEqual(states.slice(1), [
    'Not connected',
    'Not connected. The identity provider has ended your login: log in again.',
    'Connected; the next use refreshes the login',
    'Not connected. Your login has ended: log in again.',
  ]);
  await page.close();
});

it('"Log in" opens the page of Backstage that begins the login, also by the keyboard', async () => {
  const page = await pages.open('popup', { stored, size: SIZE });
  const button = page.getByRole('button', { name: 'Log in: Production' });
  await button.focus();
  const address = await opens(page, () => page.keyboard.press('Enter'));
  assert.equal(address, 'http://localhost:7000/portal/cluster-auth?connect=pro%20duction');
  await page.close();
});

it('every button is reached with the Tab key, in the order in which they are read', async () => {
  const page = await pages.open('popup', { stored, size: SIZE });
  await page.locator('.clusters').waitFor();
  const names = await page.getByRole('button').evaluateAll((all) => all.map(({ id }) => id));
  assert.equal(names.length, 6);
  const reached = [];
  for (const _ of names) {
    await page.keyboard.press('Tab');
    reached.push(await page.locator(':focus').getAttribute('id'));
  }
  assert.deepEqual(reached, names);
  await page.close();
});

it('a Backstage that was not open yet can be opened', async () => {
  const page = await pages.open('popup', { stored: { local: { portals: [here] } }, size: SIZE });
  await page.getByText('Open this Backstage once').waitFor();
  const address = await opens(page, () => page.getByRole('button', { name: 'Open Backstage' }).click());
  assert.equal(address, 'http://localhost:7000/portal/cluster-auth');
  await page.close();
});

it('a Backstage that the browser does not allow has a button that asks for exactly what it needs', async () => {
  const portal = { ...there, backendUrl: 'https://api.example.com', providers: ['https://idp.example.com'] };
  const page = await pages.open('popup', { stored: { local: { portals: [portal] } }, allows: false, size: SIZE });
  const button = page.getByRole('button', { name: 'Allow: https://backstage.example.com' });
  await button.click();
  await notice(page).getByText('Not allowed, so you cannot log in here').waitFor();
  const origins = ['https://backstage.example.com/*', 'https://api.example.com/*', 'https://idp.example.com/*'];
  assert.deepEqual(await askedFor(page), origins);
  assert.equal(await page.locator('.clusters').count(), 0);
  await page.close();
});

it('without a Backstage it leads to the options; where an administrator has the list, it names them', async () => {
  const page = await pages.open('popup', { size: SIZE });
  const button = page.getByRole('button', { name: 'Add your Backstage' });
  assert.equal(await opens(page, () => button.click()), 'options');
  await page.close();

  const managed = await pages.open('popup', { managed: [], size: SIZE });
  await managed.getByText('ask them to add yours').waitFor();
  assert.equal(await managed.getByRole('button', { name: 'Add' }).count(), 0);
  await managed.close();
});

it('what Backstage says, and a login that begins, are shown while it is open, and the focus stays', async () => {
  const page = await pages.open('popup', { stored, size: SIZE });
  const button = page.getByRole('button', { name: 'Log in: Production' });
  await button.focus();
  await page.evaluate(async ([appUrl, known]) => {
    const connected = known.map((cluster) => ({ ...cluster, connected: cluster.name === 'pro duction' }));
    await chrome.storage.session.set({ states: { [appUrl]: { clusters: connected, at: Date.now() } } });
    await chrome.storage.session.set({ 'login:1': { id: '1', step: 'authorizing' } });
  }, /** @type {const} */ ([here.appUrl, clusters]));
  await notice(page).getByText('A login is under way').waitFor();
  await page.getByRole('button', { name: 'Log in again: Production' }).waitFor();
  assert.equal(await page.locator(':focus').getAttribute('aria-label'), 'Log in again: Production');
  await page.close();
});

it('of twenty clusters each is in reach, and what the user looks at stays in view when Backstage says something new', async () => {
  const numbers = Array.from({ length: 20 }, (_, number) => number);
  const twenty = numbers.map((number) => ({ name: `c${number}`, title: `Cluster ${number}`, connected: number % 2 === 0 }));
  const states = { [here.appUrl]: { clusters: twenty, at: Date.now() } };
  const page = await pages.open('popup', { stored: { local: stored.local, session: { states } }, size: SIZE });
  const last = page.getByRole('button', { name: 'Log in: Cluster 19', exact: true });
  await last.waitFor();
  assert.equal(await page.locator('.clusters li').count(), 20);
  assert.equal(await overflow(page), 0);
  const address = await opens(page, () => last.press('Enter'));
  assert.equal(address, 'http://localhost:7000/portal/cluster-auth?connect=c19');

  // Scrolled away from what has the focus.
  await page.getByRole('button', { name: 'Log in again: Cluster 0', exact: true }).focus();
  await last.scrollIntoViewIfNeeded();
  const scrolled = () => page.evaluate(() => document.scrollingElement?.scrollTop);
  const before = await scrolled();
  assert.ok(before);
  await page.evaluate(async ([appUrl, known]) => {
    const connected = known.map((cluster) => ({ ...cluster, connected: true }));
    await chrome.storage.session.set({ states: { [appUrl]: { clusters: connected, at: Date.now() } } });
  }, /** @type {const} */ ([here.appUrl, twenty]));
  await page.getByRole('button', { name: 'Log in again: Cluster 19', exact: true }).waitFor();
  assert.equal(await scrolled(), before);
  assert.equal(await page.locator(':focus').getAttribute('aria-label'), 'Log in again: Cluster 0');
  await page.close();
});

it('asks the backend about a login that is under way, and one that was cancelled in Backstage is none', async (test) => {
  const server = await LoopbackServer.listen(0);
  test.after(() => server.close());
  /** @type {unknown[]} */
  const asked = [];
  server.serve(({ method, url, headers }, response) => {
    asked.push([method, url, headers.authorization]);
    const session = { user: 'user:default/felix', cluster: 'dev', expiresAt: '2999-01-01T00:00:00Z' };
    const error = { code: 'cancelled', message: 'This session was cancelled.' };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...session, status: 'failed', error }));
  });
  const portal = { appUrl: `http://localhost:${server.port}` };
  // Another name than the logins of other tests: the background may still be ending those.
  const login = { id: 'cancelled', step: 'authorizing', portal, ruleIds: [], portalTab: 1_000_000, endsAt: Date.now() + 60_000, secrets: { sessionToken: 'T'.repeat(43) } };
  const page = await pages.open('popup', { stored: { local: { portals: [portal] }, session: { 'login:cancelled': login } } });
  const kept = () => page.evaluate(async () => (await chrome.storage.session.get('login:cancelled'))['login:cancelled']);
  const { step, outcome, secrets } = await until('it has ended', async () => {
    const login = Object(await kept());
    return login.settled && login;
  });
  assert.deepEqual([step, outcome.problem.code, secrets], ['failed', 'cancelled', undefined]);
  await page.waitForFunction(() => document.querySelector('#notice')?.textContent === '');
  await until('the badge is gone', () => page.evaluate(async () => (await chrome.action.getBadgeText({})) === ''));
  assert.deepEqual(asked, [['GET', '/api/cluster-auth/session', `Bearer ${'T'.repeat(43)}`]]);
  await page.close();
});
