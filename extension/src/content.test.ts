import { fake, freshBrowser } from './testing/fake-browser';

import assert from 'node:assert/strict';
import { it } from 'node:test';

const ORIGIN = 'https://portal.example';

type Listener = (value: unknown) => void;

/** A page and a background, of which the content script sees no more. */
const posted: unknown[] = [];
const asked: unknown[] = [];
const page = { location: { origin: ORIGIN } } as Record<string, unknown>;
let fromPage: Listener = () => undefined;
let fromBackground: Listener = () => undefined;
let answers: (message: { type: string }) => unknown = () => true;

freshBrowser();
page.top = page;
page.postMessage = (message: unknown, target: string) => {
  assert.equal(target, ORIGIN);
  posted.push(message);
};
page.addEventListener = (_: string, listener: Listener) => {
  fromPage = listener;
};
Object.assign(globalThis, { window: page });
Object.assign(fake.runtime, {
  sendMessage: async (message: { type: string }) => {
    asked.push(message);
    return answers(message);
  },
  onMessage: {
    addListener: (listener: Listener) => {
      fromBackground = listener;
    },
  },
});

const source = 'cluster-auth-page';
const ping = { source, type: 'ping', id: 'p' };
const start = { source, type: 'start', id: 's', sessionToken: 't'.repeat(43) };
const extension = { source: 'cluster-auth-extension' };

/** What was posted and asked because of a message. */
async function after(data: unknown, event: object = {}) {
  posted.length = 0;
  asked.length = 0;
  fromPage({ source: page, origin: ORIGIN, data, ...event });
  await new Promise(resolve => {
    setImmediate(resolve);
  });
  return { posted: [...posted], asked: [...asked] };
}

const NOTHING = { posted: [], asked: [] };

it("says nothing to a page that is no portal's, and asks again, as it may become one", async () => {
  answers = () => false;
  await import('./content');
  assert.deepEqual(asked, [{ type: 'hello' }]);
  const hello = { posted: [], asked: [{ type: 'hello' }] };
  assert.deepEqual(await after(ping), hello);
  assert.deepEqual(await after(start), hello);
});

it('answers a ping without asking the background, once it knows the portal', async () => {
  answers = () => true;
  await after(ping);
  const pong = { ...extension, type: 'pong', id: 'p', version: '1.2.3' };
  assert.deepEqual(await after(ping), { posted: [pong], asked: [] });
});

it('does not hear frames, other windows and other origins', async () => {
  for (const event of [
    { source: {} },
    { source: null },
    { origin: 'https://evil.example' },
    { origin: 'null' },
  ]) {
    assert.deepEqual(await after(ping, event), NOTHING);
    assert.deepEqual(await after(start, event), NOTHING);
  }
});

it('passes on the session token alone', async () => {
  answers = () => undefined;
  const { sessionToken } = start;
  const more = { authUrl: 'https://evil.example', state: 'x', backendUrl: 'y' };
  assert.deepEqual(await after({ ...start, ...more }), {
    posted: [],
    asked: [{ type: 'start', id: 's', sessionToken }],
  });
});

it('tells the page why no login begins, also when the background does not answer', async () => {
  const problem = { code: 'portal_unknown', message: 'Not set up.' };
  answers = () => problem;
  const head = { ...extension, type: 'result', id: 's', ok: false };
  const refusal = { ...head, ...problem };
  assert.deepEqual((await after(start)).posted, [refusal]);
  answers = () => {
    throw new Error('no receiver');
  };
  assert.deepEqual((await after(start)).posted, [head]);
});

it('asks once more where the background is ended before it has answered', async () => {
  const { sessionToken } = start;
  const question = { type: 'start', id: 's', sessionToken };
  let isEnded = true;
  answers = () => {
    if (isEnded) {
      isEnded = false;
      throw new Error('the background was put to sleep');
    }
    return undefined;
  };
  const begun = await after(start);
  assert.deepEqual(begun, { posted: [], asked: [question, question] });
});

it('tells the page of the end of its login, and no page of another origin', () => {
  posted.length = 0;
  const result = { type: 'result', id: 's', ok: true };
  fromBackground({ ...result, origin: 'https://other.example' });
  fromBackground({ type: 'state' });
  assert.deepEqual(posted, []);
  fromBackground({ ...result, origin: ORIGIN });
  assert.deepEqual(posted, [{ ...extension, ...result }]);
});

it('answers nothing once the extension was updated or removed', async () => {
  answers = () => true;
  Object.assign(fake.runtime, { id: undefined });
  assert.deepEqual(await after(ping), NOTHING);
  assert.deepEqual(await after(start), NOTHING);
});
