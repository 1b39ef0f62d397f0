// The question about the account, where the background is stopped before it answers the click.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';

import { ExtensionPages } from './pages-in-chromium.mjs';

/** @type {ExtensionPages} */
let pages;
before(async () => {
  pages = await ExtensionPages.launch();
});
after(() => pages?.close());

it('says that it could not go on, and what to do', async () => {
  const login = {
    id: 'one',
    portal: { appUrl: 'https://backstage.example.com' },
    user: 'user:default/felix',
    cluster: 'Development',
    endsAt: Date.now() + 60_000,
    step: 'confirming',
    portalTab: 1,
    requestId: 'request-1',
    providerHost: 'idp.example.com',
    redirectUri: 'http://localhost:8000/',
    ruleIds: [],
  };
  const page = await pages.open('confirm', { stored: { session: { 'login:one': login } } });
  await page.goto(`${page.url()}#one`);
  await page.reload();
  await page.getByText('user:default/felix').waitFor();
  // What the browser says to a page that waits for a background that was stopped.
  await page.evaluate(() => void (chrome.runtime.sendMessage = () => Promise.reject(new Error('The message channel closed'))));
  await page.getByRole('button', { name: 'Continue to login' }).click();
  await page.getByText('The extension could not go on: begin the login again').waitFor();
  assert.equal(await page.evaluate(() => document.body.dataset['outcome']), 'not-begun');
  await page.close();
});
