import { fake, freshBrowser } from './testing/fake-browser';

import assert from 'node:assert/strict';
import { beforeEach, it } from 'node:test';

import {
  configuredPortals,
  portalAt,
  readPortal,
  savePortals,
} from './portals';

beforeEach(() => {
  freshBrowser();
});

it('knows the pages of a portal by origin and path', () => {
  const portals = [
    { appUrl: 'https://one.example' },
    { appUrl: 'https://two.example:8443/backstage' },
  ];
  const of = (address: string) => portalAt(portals, address)?.appUrl;
  assert.equal(of('https://one.example/catalog?x#y'), 'https://one.example');
  const two = 'https://two.example:8443/backstage';
  assert.equal(of(two), two);
  assert.equal(of(`${two}/catalog`), two);
  for (const other of [
    'http://one.example/',
    'https://one.example:444/',
    'https://one.example.evil.example/',
    'https://evil.example/https://one.example/',
    'https://two.example:8443/',
    'https://two.example:8443/backstages',
    'https://two.example/backstage',
    'about:blank',
    '',
  ]) {
    assert.equal(of(other), undefined, other);
  }
});

it('reads an entry, and refuses one that is malformed rather than a part of it', () => {
  assert.deepEqual(
    readPortal({
      appUrl: 'https://Portal.example/app/',
      backendUrl: 'https://api.example',
      providers: ['https://idp.example/', 'http://localhost:9000'],
      unknown: 1,
    }),
    {
      appUrl: 'https://portal.example/app',
      backendUrl: 'https://api.example',
      providers: ['https://idp.example', 'http://localhost:9000'],
    },
  );
  const appUrl = 'https://portal.example';
  for (const malformed of [
    undefined,
    'https://portal.example',
    {},
    { appUrl: 'http://portal.example' },
    { appUrl: 'https://user@portal.example' },
    { appUrl: 'https://portal.example/?x' },
    { appUrl: 'file:///etc/passwd' },
    { appUrl, backendUrl: 'http://api.example' },
    { appUrl, backendUrl: null },
    { appUrl, providers: 'https://idp.example' },
    { appUrl, providers: ['https://idp.example', 'idp'] },
    // The manifests offer no access to these.
    { appUrl: 'http://[::1]:7007' },
    { appUrl: 'http://127.0.0.2:7007' },
    { appUrl, backendUrl: 'http://[::1]:7007' },
    { appUrl, providers: ['http://127.1.2.3:9000'] },
  ]) {
    assert.equal(readPortal(malformed), undefined, JSON.stringify(malformed));
  }
});

it('takes the addresses of this machine that a manifest offers access to, and any address with https', () => {
  for (const appUrl of [
    'http://localhost:7007',
    'http://127.0.0.1:7007',
    'https://[::1]:7007',
    'https://127.0.0.2',
  ]) {
    assert.deepEqual(readPortal({ appUrl }), { appUrl });
  }
});

it("goes by an administrator's list where there is one, even an empty one", async () => {
  await savePortals([{ appUrl: 'https://own.example' }]);
  const own = { portals: [{ appUrl: 'https://own.example' }], managed: false };
  assert.deepEqual(await configuredPortals(), own);
  const portals = [{ appUrl: 'https://managed.example' }];
  await fake.storage.managed.set({ portals });
  assert.deepEqual(await configuredPortals(), { portals, managed: true });
  await fake.storage.managed.set({ portals: [] });
  assert.deepEqual(await configuredPortals(), { portals: [], managed: true });
});

it("does not fall back on the user's own list where an administrator's cannot be read", async () => {
  await savePortals([{ appUrl: 'https://own.example' }]);
  for (const portals of ['https://managed.example', {}, null, ['x']]) {
    await fake.storage.managed.set({ portals });
    const none = { portals: [], managed: true };
    assert.deepEqual(await configuredPortals(), none, String(portals));
  }
});
