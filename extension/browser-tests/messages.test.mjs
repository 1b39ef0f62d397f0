import assert from 'node:assert/strict';
import { it } from 'node:test';

import { LoopbackServer } from '../../dev/idp/loopback.mjs';
import { browser, configure, front, NAME, PORTAL, rulesIn, userAt } from './environment.mjs';
import { heard, say } from './portal-user.mjs';
import { until } from './until.mjs';

/**
 * A site that is no portal, at another port of the portal's host: the extension's access covers it.
 *
 * @param {import('node:test').TestContext} test
 * @param {string} html
 */
async function siteWith(test, html) {
  const server = await LoopbackServer.listen(0);
  server.serve((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(html));
  test.after(() => server.close());
  return `http://localhost:${server.port}/`;
}

it(`${NAME}: a page of another origin begins nothing, though the extension may read it`, async (test) => {
  const user = userAt(test, browser);
  const url = await siteWith(test, '<!doctype html><title>No portal</title>');
  const tab = await browser.newTab();
  await tab.open(url);
  const { sessionToken } = await user.ask('/register', { method: 'POST', body: { cluster: 'development' } });
  const before = await stateOf(user);
  await say(tab, { type: 'ping', id: 'other-origin' });
  await say(tab, { type: 'start', id: 'other-origin', sessionToken });
  await nothingCameOf(user, tab, before);
});

it(`${NAME}: a frame of another origin in the portal's page begins nothing, nor does the portal in a frame`, async (test) => {
  const user = userAt(test, browser);
  const { sessionToken } = await user.ask('/register', { method: 'POST', body: { cluster: 'development' } });
  const message = { source: 'cluster-auth-page', type: 'start', id: 'from-frame', sessionToken };
  const url = await siteWith(test, frameThatSays(message));
  // Backstage lets no other site into its pages, and is in no other site's: this portal does.
  const appUrl = await siteWith(test, '<!doctype html><title>A portal without protection</title>');
  await configure(browser, [PORTAL, { ...PORTAL, appUrl, backendUrl: PORTAL.appUrl }]);
  test.after(() => configure(browser, [PORTAL]));
  const page = await user.openPortal(appUrl);
  const before = await stateOf(user);
  // The frame speaks to the page around it, as a hostile advertisement would.
  await page.run(async (address) => {
    const arrived = new Promise((resolve) => addEventListener('message', ({ data }) => Object(data).id === 'from-frame' && resolve(undefined)));
    const frame = document.createElement('iframe');
    frame.src = address;
    document.body.append(frame);
    await arrived;
  }, url);
  // The portal's own page in a frame speaks to itself; what it hears is passed on to the page around it.
  await page.run(async (said) => {
    const frame = document.createElement('iframe');
    frame.src = location.href;
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
    document.body.append(frame);
    await loaded;
    const inside = frame.contentWindow;
    inside?.addEventListener('message', ({ data }) => Object(data).source === 'cluster-auth-extension' && postMessage(data, location.origin));
    // A script of the frame's own: what the page around it says there comes from another window.
    const script = document.createElement('script');
    script.textContent = ['ping', 'start']
      .map((type) => `postMessage(${JSON.stringify({ ...said, type, id: 'in-frame' })}, location.origin);`).join('');
    frame.contentDocument?.body.append(script);
  }, message);
  await nothingCameOf(user, page, before);
});

it(`${NAME}: malformed messages begin nothing, and a page reaches the background in no other way`, async (test) => {
  const user = userAt(test, browser);
  const page = await user.openPortal();
  const { sessionToken } = await user.ask('/register', { method: 'POST', body: { cluster: 'development' } });
  const before = await stateOf(user);
  for (const malformed of [undefined, 7, '', 'short', 'x'.repeat(44), { nested: 'x' }]) {
    await say(page, { type: 'start', id: 'malformed', sessionToken: malformed });
  }
  for (const id of [undefined, 7, '', 'x'.repeat(101)]) {
    await say(page, { type: 'ping', id });
    await say(page, { type: 'start', id, sessionToken });
  }
  await say(page, { type: 'begin', id: 'malformed', sessionToken });
  await say(page, { source: 'another-page', type: 'start', id: 'malformed', sessionToken });
  const ways = await page.run(() => [typeof globalThis.chrome?.runtime?.sendMessage, typeof Reflect.get(globalThis, 'browser')], undefined);
  assert.deepEqual(ways, ['undefined', 'undefined']);
  await nothingCameOf(user, page, before);
});

it(`${NAME}: a portal that is not configured begins nothing, and one that is taken off the list no more`, async (test) => {
  const user = userAt(test, browser);
  const page = await user.openPortal();
  const asked = front.authorizations;
  await configure(browser, [{ ...PORTAL, appUrl: 'https://backstage.example' }]);
  test.after(() => configure(browser, [PORTAL]));
  const { ok, code } = await (await user.begin(page)).result();
  assert.deepEqual([ok, code], [false, 'portal_unknown']);
  assert.equal(front.authorizations, asked);
  const tab = await browser.newTab();
  await tab.open(`${user.portal}/api/cluster-auth/info`);
  await say(tab, { type: 'ping', id: 'not-configured' });
  await configure(browser, [PORTAL]);
  // The next page has the extension again; the one before it never had.
  await user.openPortal();
  assert.deepEqual(await heard(tab), []);
});

it(`${NAME}: a login under way ends when its portal is taken off the list, and its page is told`, async (test) => {
  const user = userAt(test, browser);
  const login = await user.begin();
  await login.atProvider();
  test.after(() => configure(browser, [PORTAL]));
  await configure(browser, []);
  const { ok, code } = await login.result();
  assert.deepEqual([ok, code], [false, 'portal_unknown']);
  await until('the rules are gone', async () => (await rulesIn(browser)) === 0);
});

it(`${NAME}: a provider that is not on the portal's list is not opened`, async (test) => {
  const user = userAt(test, browser);
  const page = await user.openPortal();
  const asked = front.authorizations;
  await configure(browser, [{ ...PORTAL, providers: ['http://localhost:1'] }]);
  test.after(() => configure(browser, [PORTAL]));
  const { ok, code } = await (await user.begin(page)).result();
  assert.deepEqual([ok, code], [false, 'wrong_login_address']);
  assert.equal(front.authorizations, asked);
});

/** @param {object} message @returns {string} a page that says it to the page around it, and passes on what it hears itself */
function frameThatSays(message) {
  return `<!doctype html><script>
    addEventListener('message', ({ data }) => Object(data).source === 'cluster-auth-extension' && parent.postMessage(data, '*'));
    parent.postMessage(${JSON.stringify(message)}, '*');
  </script>`;
}

/** @param {import('./portal-user.mjs').PortalUser} user what is there before a hostile message */
async function stateOf({ browser }) {
  return { tabs: await browser.tabs(), asked: front.authorizations };
}

/**
 * Checks that no login came of a page's messages. A login of another page is brought to its end first: the background begins them one after
 * the other, so that one that was asked for before has begun by then.
 *
 * @param {import('./portal-user.mjs').PortalUser} user
 * @param {import('./browsers/browser.mjs').Tab} hostile the page; it has asked nothing properly but the knocks of `openPortal`
 * @param {Awaited<ReturnType<typeof stateOf>>} before
 */
async function nothingCameOf(user, hostile, before) {
  const page = await user.openPortal();
  const login = await user.begin(page);
  await login.logIn();
  assert.equal((await login.result()).ok, true);
  const known = [...before.tabs, page, await login.tab()];
  const others = (await user.browser.tabs()).filter((tab) => !known.includes(tab));
  assert.deepEqual(await Promise.all(others.map((tab) => tab.address())), [], 'tabs that have opened');
  assert.equal(front.authorizations, before.asked + 1, 'logins for which the provider was asked');
  assert.deepEqual((await heard(hostile)).filter(({ id }) => !String(id).startsWith('ping-')), [], 'answers to the page');
}
