import { fake, freshBrowser } from '../testing/fake-browser';

import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';

import { keep, loginWith, type Outcome } from '../login/login';
import { onAnswer, returnedTo } from '../login/returned';
import { BackendServer } from '../testing/backend-server';
import { exampleLogin, SESSION_TOKEN, STATE } from '../testing/example-login';
import { endWhatMayNotGoOn, onAddress, onTabClosed } from './tabs';

const CALLBACK = `http://localhost:8000/?code=c&state=${STATE}`;

let server: BackendServer | undefined;

beforeEach(() => {
  freshBrowser();
});

afterEach(() => server?.stop());

async function codeOf(id = 'one'): Promise<string | undefined> {
  const outcome: Outcome | undefined = (await loginWith(id))?.outcome;
  return outcome?.kind === 'failed' ? outcome.problem.code : undefined;
}

function answer(tabId: number, location: string) {
  onAnswer({
    tabId,
    responseHeaders: [{ name: 'Location', value: location }],
  } as chrome.webRequest.OnHeadersReceivedDetails);
}

it('takes a closed question for a no', async () => {
  await keep(exampleLogin({ step: 'confirming' }));
  await onTabClosed(3);
  assert.equal((await loginWith('one'))?.step, 'confirming');
  await onTabClosed(2);
  assert.equal(await codeOf(), 'not_confirmed');
});

it('lets a login go on when the tab of the provider is closed', async () => {
  await keep(exampleLogin());
  await onTabClosed(2);
  assert.equal((await loginWith('one'))?.step, 'authorizing');
});

it('delivers from the background what a closed page did not deliver', async () => {
  const body = { success: true, subject: 'felix' };
  server = await BackendServer.start(() => ({ body }));
  const portal = { appUrl: server.address };
  const callback = { code: 'c', state: STATE };
  const secrets = { sessionToken: SESSION_TOKEN, state: STATE, callback };
  await keep(exampleLogin({ step: 'delivering', portal, secrets }));
  await onTabClosed(2);
  assert.equal((await loginWith('one'))?.step, 'complete');
  assert.deepEqual(JSON.parse(server.asked[0]?.body ?? ''), callback);
});

it('notices a callback that the browser let through to port 8000', async () => {
  await keep(exampleLogin());
  await onAddress('http://localhost:8000/');
  await onAddress(`${CALLBACK}x`);
  assert.equal((await loginWith('one'))?.step, 'authorizing');
  await onAddress(CALLBACK);
  assert.equal(await codeOf(), 'redirect_not_caught');
  assert.equal((await loginWith('one'))?.secrets, undefined);
});

it("hands the address in the provider's answer to the page of that tab, once", async () => {
  await keep(exampleLogin());
  answer(2, CALLBACK);
  assert.deepEqual(await returnedTo(3), { login: undefined });
  assert.deepEqual(await returnedTo(2), { address: CALLBACK });
  assert.deepEqual(await returnedTo(2), { login: undefined });
  answer(2, CALLBACK.replace('http://localhost', 'HTTP://LocalHost'));
  assert.deepEqual(await returnedTo(2), { address: CALLBACK });
});

it('tells an address beside a login from its own', async () => {
  await keep(exampleLogin());
  for (const address of [
    `${CALLBACK}x`,
    `http://localhost:8000/?code=c&state=${STATE.toLowerCase()}`,
    `http://localhost:8000/app?code=c&state=${STATE}`,
  ]) {
    answer(2, address);
    assert.deepEqual(await returnedTo(2), { elsewhere: address });
  }
});

it('keeps no address that has nothing to do with a login', async () => {
  await keep(exampleLogin({ step: 'confirming' }));
  answer(2, CALLBACK);
  answer(4, `http://localhost:8000/?code=c&state=${'o'.repeat(43)}`);
  answer(5, `https://evil.example/?state=${STATE}`);
  for (const tab of [2, 4, 5]) {
    assert.equal((await returnedTo(tab)).address, undefined);
  }
  assert.deepEqual(Object.keys(await fake.storage.session.get(null)), [
    'login:one',
  ]);
});

it('forgets the address with the tab', async () => {
  await keep(exampleLogin());
  answer(2, CALLBACK);
  assert.ok(await fake.storage.session.get(null));
  await onTabClosed(2);
  assert.equal((await returnedTo(2)).address, undefined);
});

it('knows the login of a page that is loaded again', async () => {
  const ended = { step: 'failed' as const, secrets: undefined };
  const endsAt = Date.now();
  await keep(exampleLogin({ ...ended, endsAt }));
  await keep(exampleLogin({ ...ended, endsAt: endsAt - 1, id: 'before' }));
  assert.deepEqual(await returnedTo(2), { login: 'one' });
});

it('takes the browser away from the provider when access is withdrawn', async () => {
  await keep(exampleLogin());
  await keep(exampleLogin({ id: 'two', step: 'delivering', loginTab: 9 }));
  await fake.storage.local.set({ portals: [exampleLogin().portal] });
  await endWhatMayNotGoOn();
  assert.equal((await loginWith('one'))?.step, 'authorizing');
  assert.deepEqual(fake.addresses, []);
  fake.withheld.add('http://localhost:8000/*');
  await endWhatMayNotGoOn();
  assert.equal(await codeOf(), 'permission_missing');
  assert.deepEqual(fake.addresses, [fake.runtime.getURL('callback.html')]);
  assert.equal((await loginWith('two'))?.step, 'delivering');
});

it('ends logins of a portal that is taken off the list, or has another backend there now', async () => {
  const { portal } = exampleLogin();
  const changed = { ...portal, backendUrl: 'https://api.example' };
  for (const portals of [[], [changed]]) {
    freshBrowser();
    await fake.storage.local.set({ portals: [portal] });
    await keep(exampleLogin());
    await keep(exampleLogin({ id: 'two', step: 'delivering' }));
    await endWhatMayNotGoOn();
    assert.equal((await loginWith('one'))?.step, 'authorizing');
    await fake.storage.local.set({ portals });
    await endWhatMayNotGoOn();
    assert.equal(await codeOf(), 'portal_unknown');
    assert.deepEqual(fake.addresses, [fake.runtime.getURL('callback.html')]);
    assert.equal((await loginWith('two'))?.step, 'delivering');
  }
});
