import { fake, freshBrowser } from '../testing/fake-browser';

import assert from 'node:assert/strict';
import { beforeEach, it } from 'node:test';

import {
  install,
  isCaughtBy,
  reserveIds,
  rulesOf,
  uninstall,
  uninstallAll,
} from './rules';

const STATE = `${'aB_-'.repeat(10)}xyz`;
const CAUGHT = { state: STATE, redirectUri: 'http://localhost:8000/' };

beforeEach(() => {
  freshBrowser();
});

it('catches the redirect wherever in its query the state stands', () => {
  for (const query of [
    `code=c&state=${STATE}`,
    `state=${STATE}&code=c`,
    `state=${STATE}`,
    `code=c&state=${STATE}&iss=https%3A%2F%2Fidp`,
    `error=access_denied&state=${STATE}`,
    `code=c&state=${STATE}#fragment`,
  ]) {
    assert.ok(isCaughtBy(CAUGHT, `http://localhost:8000/?${query}`), query);
  }
});

it('leaves all else to the apps on port 8000 and beside it', () => {
  const other = STATE.slice(0, -1);
  for (const address of [
    `http://localhost:8000/?code=c&state=${STATE}x`,
    `http://localhost:8000/?code=c&state=${other}`,
    `http://localhost:8000/?code=c&state=${STATE.toLowerCase()}`,
    `http://localhost:8000/?code=c&xstate=${STATE}`,
    `http://localhost:8000/?code=c&state=x${STATE}`,
    `http://localhost:8000/?code=c#state=${STATE}`,
    `http://localhost:8000/#?state=${STATE}`,
    `http://localhost:8000/app?code=c&state=${STATE}`,
    `http://localhost:8001/?code=c&state=${STATE}`,
    `http://localhost:80000/?code=c&state=${STATE}`,
    `https://localhost:8000/?code=c&state=${STATE}`,
    `http://127.0.0.1:8000/?code=c&state=${STATE}`,
    `http://localhost:8000.evil.example/?state=${STATE}`,
    `http://evil.example/?u=http://localhost:8000/?state=${STATE}`,
    'http://localhost:8000/',
  ]) {
    assert.ok(!isCaughtBy(CAUGHT, address), address);
  }
});

it("catches at the cluster's own path, dots and all", () => {
  const redirectUri = 'http://localhost:8000/a.b/callback';
  const at = (path: string) =>
    isCaughtBy(
      { state: STATE, redirectUri },
      `http://localhost:8000${path}?code=c&state=${STATE}`,
    );
  assert.ok(at('/a.b/callback'));
  assert.ok(!at('/axb/callback'));
  assert.ok(!at('/'));
});

it('asks the browser for navigations by GET in exactly this case', () => {
  const [onRequest, onAnswer] = rulesOf(CAUGHT, 'page', [1, 2]);
  assert.deepEqual(onRequest?.condition.resourceTypes, ['main_frame']);
  assert.deepEqual(onRequest?.condition.requestMethods, ['get']);
  assert.equal(onRequest?.condition.isUrlFilterCaseSensitive, true);
  assert.equal(onRequest?.action.redirect?.regexSubstitution, 'page?\\1');
  assert.deepEqual(onAnswer?.condition.resourceTypes, ['main_frame']);
  assert.deepEqual(onAnswer?.condition.responseHeaders, [
    {
      header: 'location',
      values: [`http://localhost:8000/\\?*state=${STATE}*`],
    },
  ]);
});

it('removes the rules of one login, and leaves those of another', async () => {
  const ruleIds = await reserveIds();
  await install(CAUGHT, ruleIds);
  const others = await reserveIds();
  await install({ ...CAUGHT, state: 'o'.repeat(43) }, others);
  assert.equal(new Set([...ruleIds, ...others]).size, 4);
  await uninstall({ ruleIds });
  assert.deepEqual(
    fake.rules.map(({ id }) => id),
    others,
  );
  await uninstallAll();
  assert.deepEqual(fake.rules, []);
});
