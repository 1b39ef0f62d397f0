import { fake, freshBrowser } from '../testing/fake-browser';

import assert from 'node:assert/strict';
import { beforeEach, it } from 'node:test';

import { exampleLogin, STATE } from '../testing/example-login';
import { forgetConfirmedAt, isConfirmed, rememberConfirmed } from './confirmed';
import { end, onEndAlarm, settle, settleAll } from './end';
import { changedLogins, keep, type Login, loginWith } from './login';
import { install } from './rules';

const REFUSED = {
  kind: 'refused' as const,
  problem: { code: 'identity_mismatch', message: 'Not yours.' },
};
const CONNECTED = {
  kind: 'connected' as const,
  connected: { refreshable: true },
};

beforeEach(() => {
  freshBrowser();
});

async function settled(id = 'one'): Promise<Login> {
  const login = await loginWith(id);
  assert.ok(login);
  await settle(login);
  const after = await loginWith(id);
  assert.ok(after);
  return after;
}

it('tells the page that began it, and no other frame or origin', async () => {
  await keep(exampleLogin());
  await end('one', REFUSED);
  await settled();
  assert.deepEqual(fake.told, [
    {
      tab: 1,
      message: {
        type: 'result',
        id: 'request-1',
        origin: 'https://portal.example',
        ok: false,
        ...REFUSED.problem,
      },
      options: { frameId: 0 },
    },
  ]);
});

it('says the same of a no and of a session that ended as the helper does', async () => {
  for (const [kind, code] of [
    ['denied', 'access_denied'],
    ['expired', 'session_expired'],
  ] as const) {
    await keep(exampleLogin({ id: kind }));
    await end(kind, { kind });
    await settled(kind);
    const { message } = fake.told.at(-1) as { message: { code: string } };
    assert.equal(message.code, code);
  }
});

it('removes the rules, the secrets and the alarm of a delivery', async () => {
  const redirectUri = 'http://localhost:8000/';
  const ruleIds = [1, 2];
  await install({ state: STATE, redirectUri }, ruleIds);
  await fake.alarms.create('deliver:one', {});
  await keep(exampleLogin({ ruleIds }));
  await end('one', REFUSED);
  const login = await settled();
  assert.deepEqual(fake.rules, []);
  assert.equal(login.secrets, undefined);
  assert.ok(!fake.alarmsSet.has('deliver:one'));
});

it('remembers an account once its login has succeeded, and no other', async () => {
  const { portal, user } = exampleLogin();
  await keep(exampleLogin());
  await end('one', REFUSED);
  await settled();
  assert.equal(await isConfirmed(portal, user), false);
  await keep(exampleLogin({ id: 'two' }));
  await end('two', CONNECTED);
  await settled('two');
  assert.equal(await isConfirmed(portal, user), true);
  assert.equal(await isConfirmed(portal, 'user:default/mara'), false);
});

it('ends once: what comes later changes nothing', async () => {
  await keep(exampleLogin());
  await end('one', CONNECTED);
  await end('one', REFUSED);
  await settled();
  await settled();
  assert.equal((await loginWith('one'))?.step, 'complete');
  assert.equal(fake.told.length, 1);
});

it('settles later what was not settled when the background was stopped', async () => {
  await keep(exampleLogin());
  await keep(exampleLogin({ id: 'two' }));
  await end('one', CONNECTED);
  await settleAll();
  assert.equal((await loginWith('one'))?.settled, true);
  assert.equal((await loginWith('two'))?.step, 'authorizing');
});

it('ends a login with its session, but not one that is delivered', async () => {
  await keep(exampleLogin());
  await keep(exampleLogin({ id: 'two', step: 'delivering' }));
  await onEndAlarm('one');
  await onEndAlarm('two');
  assert.deepEqual((await loginWith('one'))?.outcome, { kind: 'expired' });
  assert.equal((await loginWith('two'))?.step, 'delivering');
});

it('forgets a login a while after its end', async () => {
  await keep(exampleLogin());
  await end('one', CONNECTED);
  await settled();
  assert.ok(fake.alarmsSet.has('end:one'));
  await onEndAlarm('one');
  assert.equal(await loginWith('one'), undefined);
});

it('tells changes of logins from other changes of the storage', () => {
  const login = exampleLogin();
  const changes = {
    states: { newValue: {} },
    'login:one': { newValue: login },
    'login:two': {},
  };
  assert.deepEqual(changedLogins(changes), [login, undefined]);
});

it('forgets an address with a code that no page asked for', async () => {
  const key = 'returned:2';
  await fake.storage.session.set({ [key]: { elsewhere: 'http://localhost' } });
  await keep(exampleLogin());
  await end('one', CONNECTED);
  await settled();
  assert.deepEqual(await fake.storage.session.get(key), {});
});

it('forgets the confirmed accounts of one portal, and of no other', async () => {
  const portal = { appUrl: 'https://portal.example' };
  const others = [
    { appUrl: 'https://portal.example/other' },
    { appUrl: 'https://portal.example', backendUrl: 'https://api.example' },
  ];
  const user = 'user:default/felix';
  for (const one of [portal, ...others]) {
    await rememberConfirmed(one, user);
  }
  await forgetConfirmedAt(portal);
  assert.equal(await isConfirmed(portal, user), false);
  for (const other of others) {
    assert.equal(await isConfirmed(other, user), true);
  }
});
