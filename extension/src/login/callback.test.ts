import { fake, freshBrowser } from '../testing/fake-browser';

import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';

import { BackendServer } from '../testing/backend-server';
import { exampleLogin, SESSION_TOKEN, STATE } from '../testing/example-login';
import {
  accept,
  deliverAndEnd,
  onDeliveryAlarm,
  readRedirect,
  wayBack,
} from './callback';
import { keep, loginWith } from './login';

const CALLBACK = { code: 'c', state: STATE };

let server: BackendServer | undefined;

beforeEach(() => {
  freshBrowser();
});

afterEach(() => server?.stop());

function kindOf(query: string, login = exampleLogin()) {
  return readRedirect(query, [login]).kind;
}

it('takes a code or an error of a login that waits', () => {
  const other = exampleLogin({
    id: 'two',
    secrets: { sessionToken: SESSION_TOKEN, state: 'o'.repeat(43) },
  });
  const granted = `?code=a%2Fb&state=${STATE}&iss=https%3A%2F%2Fidp&session_state=x`;
  const read = readRedirect(granted, [other, exampleLogin()]);
  assert.ok(read.kind === 'callback');
  assert.equal(read.login.id, 'one');
  const iss = 'https://idp';
  assert.deepEqual(read.callback, { code: 'a/b', state: STATE, iss });
  const denied = `?error=access_denied&error_description=no+way&state=${STATE}`;
  const refused = readRedirect(denied, [exampleLogin()]);
  assert.ok(refused.kind === 'callback');
  assert.deepEqual(refused.callback, {
    error: 'access_denied',
    errorDescription: 'no way',
    state: STATE,
  });
});

it('has nothing to do with other addresses', () => {
  assert.equal(kindOf(''), 'none');
  assert.equal(kindOf('?utm=1'), 'none');
});

it('compares the state before everything else', () => {
  const other = 't'.repeat(43);
  for (const query of [
    '?code=a',
    '?error=access_denied',
    '?code=a&state=',
    `?code=a&state=${other}`,
    `?error=x&code=a&state=${other}`,
    `?code=a&state=${STATE}&state=${STATE}`,
    `?code=a&state=${STATE}&state=${other}`,
    `?code=a&state=${STATE}x`,
    `?code=a&state=${STATE.toLowerCase()}`,
  ]) {
    assert.equal(kindOf(query), 'wrong_state', query);
  }
});

it('refuses what is ambiguous', () => {
  for (const rest of [
    '',
    '&code=',
    '&error=',
    '&code=a&error=b',
    '&code=a&code=b',
    '&code=a&iss=x&iss=y',
    '&error=a&error_description=x&error_description=y',
  ]) {
    assert.equal(kindOf(`?state=${STATE}${rest}`), 'malformed', rest);
  }
});

it('takes nothing for a login that was not confirmed, or has one already', () => {
  for (const step of ['confirming', 'delivering'] as const) {
    const query = `?code=a&state=${STATE}`;
    assert.equal(kindOf(query, exampleLogin({ step })), 'wrong_state', step);
  }
  const ended = exampleLogin({ step: 'failed', secrets: undefined });
  assert.equal(kindOf('?code=a&state=', ended), 'wrong_state');
});

it('takes a redirect once, and its rules are gone then', async () => {
  await keep(exampleLogin({ ruleIds: [7] }));
  const condition = {};
  const action = {
    type: 'block' as chrome.declarativeNetRequest.RuleActionType,
  };
  fake.rules = [7, 8].map(id => ({ id, condition, action }));
  const [first, second] = await Promise.all([
    accept(exampleLogin(), CALLBACK, 5),
    accept(exampleLogin(), { ...CALLBACK, code: 'other' }, 6),
  ]);
  assert.equal(first?.step, 'delivering');
  assert.equal(second, undefined);
  assert.deepEqual((await loginWith('one'))?.secrets?.callback, CALLBACK);
  assert.equal((await loginWith('one'))?.loginTab, 5);
  assert.deepEqual(
    fake.rules.map(({ id }) => id),
    [8],
  );
});

it('delivers once, whether the page or the background does, and forgets the secrets', async () => {
  const body = { success: true, subject: 'felix' };
  server = await BackendServer.start(() => ({ body }));
  const portal = { appUrl: server.address };
  await keep(exampleLogin({ portal }));
  await accept(exampleLogin(), CALLBACK, 5);
  const nothing = () => undefined;
  const both = [deliverAndEnd('one', nothing), deliverAndEnd('one', nothing)];
  for (const login of await Promise.all(both)) {
    assert.equal(login?.step, 'complete');
    assert.equal(login?.outcome?.kind, 'connected');
    assert.equal(login?.secrets, undefined);
  }
  assert.equal(server.asked.length, 1);
  const kept = JSON.stringify(await fake.storage.session.get(null));
  assert.ok(!kept.includes(STATE) && !kept.includes(SESSION_TOKEN));
});

it('goes on from an alarm with a delivery that no page has in hand', async () => {
  const body = { success: true, subject: 'felix' };
  server = await BackendServer.start(() => ({ body }));
  const portal = { appUrl: server.address };
  await keep(exampleLogin({ portal }));
  await accept(exampleLogin(), CALLBACK, 5);
  assert.ok(fake.alarmsSet.has('deliver:one'));
  const page = deliverAndEnd('one', () => undefined);
  await onDeliveryAlarm('one');
  assert.ok(fake.alarmsSet.has('deliver:one'), 'the page may be closed yet');
  await page;
  await onDeliveryAlarm('one');
  assert.ok(!fake.alarmsSet.has('deliver:one'));
  assert.equal(server.asked.length, 1);
  const callback = CALLBACK;
  const secrets = { sessionToken: SESSION_TOKEN, state: STATE, callback };
  await keep(exampleLogin({ id: 'two', step: 'delivering', portal, secrets }));
  await onDeliveryAlarm('two');
  assert.equal((await loginWith('two'))?.step, 'complete');
  await onDeliveryAlarm('three');
});

it('leads back within the portal', () => {
  const portal = { appUrl: 'https://backstage.example/app' };
  const back = (to?: string) => wayBack(portal, to);
  const origin = 'https://backstage.example';
  assert.equal(back('/catalog?x=1'), `${origin}/catalog?x=1`);
  assert.equal(back(`${origin}/k8s`), `${origin}/k8s`);
  for (const outside of [
    'https://evil.example/',
    '//evil.example/',
    'mailto:a@evil.example',
    'http://backstage.example/',
    'data:text/html,x',
  ]) {
    assert.equal(back(outside), `${origin}/app/`, outside);
  }
  assert.equal(back(), `${origin}/app/`);
});
