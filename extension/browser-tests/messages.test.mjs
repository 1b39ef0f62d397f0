import assert from 'node:assert/strict';
import { it } from 'node:test';

import { LoopbackServer } from '../../dev/idp/loopback.mjs';
import { BROWSERS, configure, front, PORTAL, userAt } from './environment.mjs';
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

for (const browser of BROWSERS) {
  it(`${browser.name}: a page of another origin begins nothing, though the extension may read it`, async (test) => {
    const user = userAt(test, browser);
    const url = await siteWith(test, '<!doctype html><title>No portal</title>');
    const tab = await browser.newTab();
    await tab.open(url);
    const { sessionToken } = await user.ask('/register', { method: 'POST', body: { cluster: 'development' } });
    await say(tab, { type: 'start', id: 'other-origin', sessionToken });
    await onlyThisLogin(user);
    const results = (await heard(tab)).filter(({ type }) => type === 'result');
    assert.deepEqual(results.map(({ ok, code }) => [ok, code]), results.map(() => [false, 'portal_unknown']));
  });

  it(`${browser.name}: a frame of another origin in the portal's page begins nothing, nor does the portal in a frame`, async (test) => {
    const user = userAt(test, browser);
    const { sessionToken } = await user.ask('/register', { method: 'POST', body: { cluster: 'development' } });
    const message = JSON.stringify({ source: 'cluster-auth-page', type: 'start', id: 'from-frame', sessionToken });
    const url = await siteWith(test, `<!doctype html><script>parent.postMessage(${message}, '*'); document.title = 'said'</script>`);
    // Backstage lets no other site into its pages, and is in no other site's: this portal does.
    const appUrl = await siteWith(test, '<!doctype html><title>A portal without protection</title>');
    await configure(browser, [PORTAL, { ...PORTAL, appUrl, backendUrl: PORTAL.appUrl }]);
    test.after(() => configure(browser, [PORTAL]));
    const page = await user.openPortal(appUrl);
    // The frame speaks to the page around it, as a hostile advertisement would.
    await page.run(async (address) => {
      const arrived = new Promise((resolve) => addEventListener('message', ({ data }) => Object(data).id === 'from-frame' && resolve(undefined)));
      const frame = document.createElement('iframe');
      frame.src = address;
      document.body.append(frame);
      await arrived;
    }, url);
    // The portal's own page in a frame speaks to itself.
    await page.run(async (said) => {
      const frame = document.createElement('iframe');
      frame.src = location.href;
      const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
      document.body.append(frame);
      await loaded;
      frame.contentWindow?.postMessage({ ...JSON.parse(said), id: 'in-frame' }, location.origin);
    }, message);
    await onlyThisLogin(user, page);
  });

  it(`${browser.name}: malformed messages begin nothing, and a page reaches the background in no other way`, async (test) => {
    const user = userAt(test, browser);
    const page = await user.openPortal();
    for (const sessionToken of [undefined, 7, '', 'short', 'x'.repeat(44), { nested: 'x' }]) {
      await say(page, { type: 'start', id: 'malformed', sessionToken });
    }
    await say(page, { type: 'begin', id: 'malformed' });
    const ways = await page.run(() => [typeof globalThis.chrome?.runtime?.sendMessage, typeof Reflect.get(globalThis, 'browser')], undefined);
    assert.deepEqual(ways, ['undefined', 'undefined']);
    await onlyThisLogin(user);
  });

  it(`${browser.name}: a portal that is not configured begins nothing, and one that is taken off the list no more`, async (test) => {
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

  it(`${browser.name}: a provider that is not on the portal's list is not opened`, async (test) => {
    const user = userAt(test, browser);
    const page = await user.openPortal();
    const asked = front.authorizations;
    await configure(browser, [{ ...PORTAL, providers: ['http://localhost:1'] }]);
    test.after(() => configure(browser, [PORTAL]));
    const { ok, code } = await (await user.begin(page)).result();
    assert.deepEqual([ok, code], [false, 'wrong_login_address']);
    assert.equal(front.authorizations, asked);
  });
}

/**
 * A login from beginning to end, after which anything that was asked for before would have been begun, too.
 *
 * @param {import('./portal-user.mjs').PortalUser} user
 * @param {import('./browsers/browser.mjs').Tab} [from] the page that begins it
 */
async function onlyThisLogin(user, from) {
  const asked = front.authorizations;
  const page = from ?? (await user.openPortal());
  const before = await user.browser.tabs();
  const login = await user.begin(page);
  await login.logIn();
  assert.equal((await login.result()).ok, true);
  await until('the login has closed its tab, or it is the only one', async () =>
    (await user.browser.tabs()).filter((tab) => !before.includes(tab)).length <= 1);
  assert.equal(front.authorizations, asked + 1);
}
