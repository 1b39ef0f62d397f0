import { fake, freshBrowser } from '../testing/fake-browser';

import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';

import { BackendServer, type Given } from '../testing/backend-server';
import { exampleLogin, SESSION_TOKEN, STATE } from '../testing/example-login';
import { begin, decline, goOn } from './begin';
import { rememberConfirmed } from './confirmed';
import { end } from './end';
import { allLogins, isUnderWay, keep, type Login, loginWith } from './login';

const AUTH_URL =
  'https://idp.example/authorize?response_type=code' +
  '&redirect_uri=http%3A%2F%2Flocalhost%3A8000%2F' +
  `&state=${STATE}&code_challenge=${'c'.repeat(43)}&code_challenge_method=S256`;

const INFO: Given = {
  body: {
    redirectUri: 'http://localhost:8000/',
    clusters: [{ name: 'dev', title: 'The dev cluster' }],
  },
};

let server: BackendServer;
let session: Record<string, unknown>;
let refusal: Given | undefined;

beforeEach(async () => {
  freshBrowser();
  refusal = undefined;
  session = {
    status: 'pending',
    user: 'user:default/felix',
    cluster: 'dev',
    expiresAt: new Date(Date.now() + 240_000).toISOString(),
    authUrl: AUTH_URL,
  };
  server = await BackendServer.start(({ line }) =>
    line.endsWith('/info') ? INFO : refusal ?? { body: session },
  );
  await configure();
});

afterEach(() => server.stop());

async function configure(providers?: string[]) {
  const portals = [{ appUrl: server.address, providers }];
  await fake.storage.local.set({ portals });
}

async function ask(address = `${server.address}/catalog`, requestId = 'r1') {
  const tab = { id: 7, index: 3, windowId: 1 };
  return await begin({ tab, requestId, address }, SESSION_TOKEN);
}

async function onlyLogin(): Promise<Login> {
  const [login, ...others] = (await allLogins()).filter(isUnderWay);
  assert.ok(login);
  assert.deepEqual(others, []);
  return login;
}

/** Nothing was opened, caught or kept. */
async function nothingBegan() {
  assert.deepEqual(fake.addresses, []);
  assert.deepEqual(fake.rules, []);
  assert.deepEqual(await allLogins(), []);
}

it('asks first whether the account is theirs, and opens the provider on the click', async () => {
  assert.equal(await ask(), undefined);
  const login = await onlyLogin();
  assert.equal(login.step, 'confirming');
  assert.equal(login.cluster, 'The dev cluster');
  assert.deepEqual(fake.addresses, [
    fake.runtime.getURL(`confirm.html#${login.id}`),
  ]);
  assert.deepEqual(fake.rules, [], 'nothing is caught before the click');
  assert.equal(await goOn(login.id, login.loginTab ?? 0), undefined);
  assert.deepEqual(fake.addresses, [AUTH_URL]);
  assert.equal(fake.rules.length, 2);
  assert.equal((await onlyLogin()).step, 'authorizing');
});

it('does not ask again for an account at a portal where a login succeeded', async () => {
  await rememberConfirmed({ appUrl: server.address }, 'user:default/felix');
  await ask();
  assert.deepEqual(fake.addresses, [AUTH_URL]);
  assert.equal(fake.rules.length, 2, 'the rules are there before the tab');
});

it('asks again for another account, and for another backend behind the portal', async () => {
  const appUrl = server.address;
  await rememberConfirmed({ appUrl }, 'user:default/mara');
  const backendUrl = 'https://backend.example';
  await rememberConfirmed({ appUrl, backendUrl }, 'user:default/felix');
  await ask();
  assert.equal((await onlyLogin()).step, 'confirming');
});

it('begins nothing for a page of a portal that is not configured', async () => {
  const [, port] = server.address.split('1:');
  for (const address of [
    'https://evil.example/',
    `http://127.0.0.1:${Number(port) + 1}/`,
    `http://127.0.0.1.evil.example:${port}/`,
    'about:blank',
  ]) {
    assert.equal((await ask(address))?.code, 'portal_unknown', address);
  }
  assert.deepEqual(server.asked, [], 'the session token goes nowhere');
  await nothingBegan();
});

it('begins nothing without a permission that the catch needs', async () => {
  for (const origin of ['http://localhost:8000/*', `${server.address}/*`]) {
    fake.withheld.clear();
    fake.withheld.add(origin);
    assert.equal((await ask())?.code, 'permission_missing', origin);
  }
  assert.deepEqual(server.asked, []);
  await nothingBegan();
});

it('begins nothing where the browser does not apply the rules any more', async () => {
  fake.appliesRules = false;
  assert.equal((await ask())?.code, 'browser_prevents');
  await nothingBegan();
});

it('opens no address that no honest backend sends, and no provider beside the list', async () => {
  session.authUrl = `${AUTH_URL}&response_mode=form_post`;
  const problem = await ask();
  assert.equal(problem?.code, 'wrong_login_address');
  assert.match(problem?.message ?? '', /in another form than a redirect/);
  session.authUrl = AUTH_URL;
  await configure(['https://other.example']);
  assert.equal((await ask())?.code, 'wrong_login_address');
  await nothingBegan();
});

it("refuses in the backend's own words", async () => {
  const error = { message: 'No such session.', code: 'session_unknown' };
  refusal = { status: 401, body: { error } };
  assert.deepEqual(await ask(), error);
  refusal = { status: 404, body: '' };
  const { message } = (await ask()) ?? {};
  assert.equal(message, 'The backend answered with status 404.');
  await nothingBegan();
});

it('says which backend cannot be reached', async () => {
  server.stop();
  const problem = await ask();
  assert.equal(problem?.code, 'backend_unreachable');
  assert.ok(problem?.message.includes(server.address));
});

it('refuses a session that is over, and one of no user', async () => {
  session = { ...session, status: 'complete', authUrl: undefined };
  assert.equal((await ask())?.code, 'session_finished');
  const error = { code: 'cancelled', message: 'Cancelled in Backstage.' };
  session = { ...session, status: 'failed', error };
  assert.deepEqual(await ask(), error);
  session = { ...session, status: 'expired' };
  assert.equal((await ask())?.code, 'session_expired');
  session = { ...session, status: 'pending', authUrl: AUTH_URL, user: 'felix' };
  assert.match((await ask())?.message ?? '', /names no Backstage user/);
  await nothingBegan();
});

it('lets no session outlive its own end, or five minutes', async () => {
  await ask();
  const { endsAt, id } = await onlyLogin();
  // The backend's own clock is in its answers, to the second.
  assert.ok(endsAt <= Date.now() + 241_000);
  assert.deepEqual(fake.alarmsSet.get(`end:${id}`), { when: endsAt });
  await decline(id);
  const far = Date.now() + 86_400_000;
  session.expiresAt = new Date(far).toISOString();
  await ask();
  assert.ok((await onlyLogin()).endsAt <= Date.now() + 300_000);
});

it('is one login, however often its page asks', async () => {
  await Promise.all([ask(undefined, 'r1'), ask(undefined, 'r2')]);
  const login = await onlyLogin();
  assert.equal(login.requestId, 'r2');
  assert.equal(fake.tabsOpen.size, 1, 'the first question is closed');
});

it('takes a login over that is delivered, and does not begin another', async () => {
  const secrets = { sessionToken: SESSION_TOKEN, state: STATE };
  await keep(exampleLogin({ step: 'delivering', secrets }));
  await ask(undefined, 'r2');
  const login = await onlyLogin();
  assert.equal(login.id, 'one');
  assert.deepEqual([login.portalTab, login.requestId], [7, 'r2']);
});

it('refuses a login with the state of another', async () => {
  const secrets = { sessionToken: 'o'.repeat(43), state: STATE };
  await keep(exampleLogin({ secrets }));
  assert.equal((await ask())?.code, 'wrong_login_address');
});

it('has no more logins under way than a backend keeps of one user', async () => {
  for (let number = 0; number < 8; number += 1) {
    const secrets = {
      sessionToken: `${number}`.repeat(43),
      state: `${number}`.repeat(43),
    };
    await keep(exampleLogin({ id: `${number}`, secrets }));
  }
  assert.equal((await ask())?.code, 'rate_limited');
});

it('goes on from the tab of the question alone, once, with the permissions there', async () => {
  await ask();
  const { id, loginTab = 0 } = await onlyLogin();
  assert.ok(await goOn(id, loginTab + 1));
  assert.ok(await goOn('another', loginTab));
  assert.deepEqual(fake.rules, []);
  fake.withheld.add('http://localhost:8000/*');
  assert.equal((await goOn(id, loginTab))?.code, 'permission_missing');
  assert.equal((await loginWith(id))?.step, 'failed');
  assert.ok(await goOn(id, loginTab), 'it has failed');
  assert.ok(!fake.addresses.includes(AUTH_URL));
});

it('does not go on for a portal that was taken off the list since', async () => {
  await ask();
  const { id, loginTab = 0 } = await onlyLogin();
  await fake.storage.local.set({ portals: [] });
  assert.equal((await goOn(id, loginTab))?.code, 'portal_unknown');
  assert.equal((await loginWith(id))?.step, 'failed');
  assert.deepEqual(fake.rules, []);
  assert.ok(!fake.addresses.includes(AUTH_URL));
});

it('opens nothing after a no', async () => {
  await ask();
  const { id, loginTab = 0 } = await onlyLogin();
  await decline(id);
  const outcome = (await loginWith(id))?.outcome;
  assert.equal(
    outcome?.kind === 'failed' && outcome.problem.code,
    'not_confirmed',
  );
  assert.ok(await goOn(id, loginTab));
  assert.ok(!fake.addresses.includes(AUTH_URL));
});

it('ends a login for which no tab can be opened, so that none is said to be under way', async () => {
  fake.tabs.create = async () => {
    throw new Error('No window with id: 1');
  };
  await assert.rejects(ask());
  assert.deepEqual((await allLogins()).filter(isUnderWay), []);
});

it('ends a login for which the browser takes no rules, and does not open the provider', async () => {
  await ask();
  const { id, loginTab = 0 } = await onlyLogin();
  const opened = fake.addresses;
  fake.declarativeNetRequest.updateSessionRules = async () => {
    throw new Error('no');
  };
  await assert.rejects(goOn(id, loginTab));
  assert.deepEqual(fake.addresses, opened);
  assert.deepEqual((await allLogins()).filter(isUnderWay), []);
});

it('leaves no rules behind, and does not open the provider, where a login ends while its rules are installed', async () => {
  await ask();
  const { id, loginTab = 0 } = await onlyLogin();
  const opened = fake.addresses;
  const { updateSessionRules } = fake.declarativeNetRequest;
  fake.declarativeNetRequest.updateSessionRules = async update => {
    await end(id, { kind: 'expired' });
    await updateSessionRules(update);
  };
  const problem = await goOn(id, loginTab);
  assert.match(problem?.message ?? '', /has ended already/);
  assert.deepEqual(fake.rules, []);
  assert.deepEqual(fake.addresses, opened);
});

it('goes on once where the click arrives twice at the same time', async () => {
  await ask();
  const { id, loginTab = 0 } = await onlyLogin();
  const problems = await Promise.all([goOn(id, loginTab), goOn(id, loginTab)]);
  assert.equal(problems.filter(problem => problem === undefined).length, 1);
  assert.equal((await onlyLogin()).step, 'authorizing');
  assert.equal(fake.rules.length, 2);
  assert.deepEqual(fake.addresses, [AUTH_URL]);
});
