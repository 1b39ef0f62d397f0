import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { ExtensionPages, keepPicture, overflow, violations } from './pages-in-chromium.mjs';

const facts = {
  user: 'user:default/felix',
  appUrl: 'https://backstage.example.com',
  cluster: 'Development',
  providerHost: 'idp.example.com',
  backUrl: 'https://backstage.example.com/catalog',
};
const message = 'Felix is not Mara: log in as yourself.';

/** @type {['confirm' | 'callback', string, object][]} */
const STATES = [
  ['confirm', 'confirm', { kind: 'asking', facts: { ...facts, appUrl: 'https://xn--bckstage-0za.example.com' } }],
  ['confirm', 'going-on', { kind: 'going_on', facts }],
  ['confirm', 'declined', { kind: 'declined', facts }],
  ['confirm', 'gone', { kind: 'gone' }],
  ['confirm', 'not-begun', { kind: 'failed', facts, problem: { code: 'permission_missing', message } }],
  ['callback', 'delivering', { kind: 'delivering', facts }],
  ['callback', 'backend-away', { kind: 'waiting', facts, awaited: 'backend' }],
  ['callback', 'idp-away', { kind: 'waiting', facts, awaited: 'identity_provider' }],
  ['callback', 'success', { kind: 'connected', facts, account: 'felix@example.com', refreshable: false }],
  ['callback', 'refused', { kind: 'denied', facts }],
  ['callback', 'expired', { kind: 'expired', facts }],
  ['callback', 'failed', { kind: 'refused', facts, problem: { code: 'identity_mismatch', message } }],
  ['callback', 'failed', { kind: 'failed', facts, problem: { code: 'redirect_not_caught', message } }],
  ['callback', 'wrong-state', { kind: 'wrong_state' }],
  ['callback', 'malformed', { kind: 'malformed' }],
];

/** @type {ExtensionPages} */
let pages;
before(async () => {
  pages = await ExtensionPages.launch();
});
after(() => pages?.close());

/** @param {'light' | 'dark'} scheme */
async function blank(scheme) {
  const page = await pages.open('callback', { scheme, size: { width: 320, height: 640 } });
  await page.locator('body[data-outcome]').waitFor();
  return page;
}

for (const scheme of /** @type {const} */ (['light', 'dark'])) {
  it(`axe finds nothing wrong with any state of a login, and none is wider than 320 pixels: ${scheme}`, async () => {
    const page = await blank(scheme);
    for (const [name, outcome, state] of STATES) {
      await pages.show(page, name, state);
      assert.equal(await page.locator('body').getAttribute('data-outcome'), outcome);
      assert.deepEqual(await violations(page), [], outcome);
      assert.equal(await overflow(page), 0, outcome);
      assert.match(await page.title(), /^[A-Z].+ · Backstage OIDC Helper$/);
      await keepPicture(page, `${outcome}-${scheme}`);
    }
    await page.close();
  });
}

it('axe does find something where something is wrong', async () => {
  const page = await blank('light');
  await page.evaluate(() => document.querySelector('main')?.append(document.createElement('button')));
  assert.match((await violations(page)).join(), /button-name/);
  await page.close();
});

describe('the page that confirms an account', () => {
  it('shows account, Backstage, cluster and provider, and goes on by the keyboard, once', async () => {
    const page = await blank('light');
    await pages.show(page, 'confirm', { kind: 'asking', facts });
    for (const [id, text] of Object.entries({ user: facts.user, backstage: facts.appUrl, cluster: facts.cluster, provider: facts.providerHost })) {
      assert.equal(await page.locator(`#${id}`).textContent(), text);
    }
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    assert.deepEqual(await page.evaluate(() => Object(window).pressed), ['continue']);
    await page.close();
  });

  it('is left by the keyboard, and the focus goes to what is said then', async () => {
    const page = await blank('light');
    await pages.show(page, 'confirm', { kind: 'asking', facts });
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    assert.deepEqual(await page.evaluate(() => Object(window).pressed), ['decline']);
    await pages.show(page, 'confirm', { kind: 'declined', facts });
    assert.equal(await page.locator(':focus').textContent(), 'The login was cancelled');
    await page.close();
  });
});

describe('a text from outside', () => {
  it('stays text, cannot turn the reading direction, and takes no place of another', async () => {
    const page = await blank('light');
    const hostile = { ...facts, user: '<img src=x>$1\u202euser\u{e000}1\u{e001}', cluster: '$CLUSTER$ & $2' };
    await pages.show(page, 'callback', { kind: 'connected', facts: hostile });
    assert.equal(await page.locator('#user').textContent(), '<img src=x>$1user1');
    assert.equal(await page.locator('#cluster').textContent(), '$CLUSTER$ & $2');
    assert.equal(await page.locator('main img').count(), 0);
    await page.close();
  });

  it('makes no link that runs a script', async () => {
    const page = await blank('light');
    await pages.show(page, 'callback', { kind: 'connected', facts: { ...facts, backUrl: 'javascript:alert(1)' } });
    assert.equal(await page.locator('#back').count(), 0);
    await pages.show(page, 'callback', { kind: 'connected', facts });
    assert.equal(await page.locator('#back').getAttribute('href'), facts.backUrl);
    await page.close();
  });
});

it('a screen reader is told what changes, and nothing moves where the person wants no motion', async () => {
  const page = await blank('light');
  await pages.show(page, 'callback', { kind: 'delivering', facts });
  assert.equal(await page.locator('main').getAttribute('aria-live'), 'polite');
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  assert.equal(await page.evaluate(() => document.getAnimations().length), 1);
  await page.close();
});
