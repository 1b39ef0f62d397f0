import { mockApis } from '@backstage/test-utils';

import { BrowserMemory } from './BrowserMemory';
import { rememberedWays } from './rememberedWays';

function denied(): Storage {
  throw new DOMException('The operation is insecure.', 'SecurityError');
}

describe('rememberedWays', () => {
  afterEach(() => localStorage.clear());

  it.each([
    ['in this browser', () => localStorage],
    ['until the page is closed, where the browser denies storage', denied],
  ])('remembers a helper %s, until it is to be forgotten', (_, storage) => {
    const memory = new BrowserMemory(storage);
    const ways = () => rememberedWays(memory, mockApis.config());
    expect(ways().provenHelper()).toBeUndefined();
    ways().setProvenHelper('http://localhost:8888');
    expect(ways().provenHelper()).toBe('http://localhost:8888');
    ways().setProvenHelper(undefined);
    expect(ways().provenHelper()).toBeUndefined();
  });

  it('remembers the last way and where the helper runs, for the next page', () => {
    const page = () =>
      rememberedWays(new BrowserMemory(() => localStorage), mockApis.config());
    expect([page().lastWay(), page().helperPlace()]).toEqual([
      undefined,
      'native',
    ]);
    page().setLastWay('docker');
    page().setHelperPlace('container');
    expect([page().lastWay(), page().helperPlace()]).toEqual([
      'docker',
      'container',
    ]);
  });

  it('remembers whether the extension begins by itself, which it does at first', () => {
    const page = () =>
      rememberedWays(new BrowserMemory(() => localStorage), mockApis.config());
    expect(page().extensionBegins()).toBe('at-once');
    page().setExtensionBegins('on-click');
    page().setLastWay('extension');
    expect([page().extensionBegins(), page().lastWay()]).toEqual([
      'on-click',
      'extension',
    ]);
  });

  it('knows no way that there is not, and no address that is not configured', () => {
    const memory = new BrowserMemory(() => localStorage);
    memory.set('lastWay', 'toString');
    memory.set('provenHelper', 'http://elsewhere.example.com');
    const ways = rememberedWays(memory, mockApis.config());
    expect([ways.lastWay(), ways.provenHelper()]).toEqual([
      undefined,
      undefined,
    ]);
  });
});
