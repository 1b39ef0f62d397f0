import { fake, freshBrowser } from '../testing/fake-browser';

import assert from 'node:assert/strict';
import { beforeEach, it } from 'node:test';

import { answerTo } from './conversation';
import { keep, loginWith } from '../login/login';
import { exampleLogin } from '../testing/example-login';

type Sender = chrome.runtime.MessageSender;

const PORTAL = 'https://portal.example';
const tab = { id: 2, index: 0, windowId: 1 } as chrome.tabs.Tab;

beforeEach(async () => {
  freshBrowser();
  await fake.storage.local.set({ portals: [{ appUrl: PORTAL }] });
});

function from(url: string, more: Partial<Sender> = {}): Sender {
  return { id: fake.runtime.id, frameId: 0, tab, url, ...more };
}

const hello = { type: 'hello' };

it('knows the pages of configured portals', async () => {
  assert.equal(await answerTo(hello, from(`${PORTAL}/catalog`)), true);
  assert.equal(await answerTo(hello, from('https://evil.example/')), false);
});

it('does not answer frames, other extensions, or what has no tab', () => {
  for (const more of [
    { frameId: 1 },
    { frameId: undefined },
    { id: 'another' },
    { id: undefined },
    { tab: undefined },
    { url: undefined },
    { documentLifecycle: 'prerender' as const },
  ]) {
    assert.equal(answerTo(hello, from(PORTAL, more)), undefined);
  }
});

it('lets no portal, however hostile, speak for a page of the extension', async () => {
  await keep(exampleLogin({ step: 'confirming' }));
  for (const type of ['continue', 'decline', 'returned']) {
    const message = { type, login: 'one' };
    assert.equal(answerTo(message, from(PORTAL)), undefined, type);
    const lookalike = `${PORTAL}/confirm.html`;
    assert.equal(answerTo(message, from(lookalike)), undefined, type);
  }
  assert.equal((await loginWith('one'))?.step, 'confirming');
});

it('lets each page of the extension say its own alone', async () => {
  await keep(exampleLogin({ step: 'confirming' }));
  const page = (name: string) => from(fake.runtime.getURL(name));
  const decline = { type: 'decline', login: 'one' };
  assert.equal(answerTo(decline, page('callback.html')), undefined);
  assert.equal(answerTo(decline, page('popup.html')), undefined);
  assert.equal(answerTo({ type: 'returned' }, page('confirm.html')), undefined);
  const start = { type: 'start', id: '1', sessionToken: 't'.repeat(43) };
  assert.equal(answerTo(start, page('callback.html')), undefined);
  await answerTo(decline, page('confirm.html'));
  assert.equal((await loginWith('one'))?.step, 'failed');
});

it('keeps what a portal shows, under its own address', async () => {
  const clusters = [{ name: 'dev', title: 'Dev', connected: true }];
  const state = { type: 'state', clusters };
  await answerTo(state, from(`${PORTAL}/cluster-auth`));
  await answerTo(state, from('https://evil.example/'));
  const { states } = await fake.storage.session.get('states');
  assert.deepEqual(Object.keys(states as object), [PORTAL]);
});
