import { mockApis } from '@backstage/frontend-test-utils';

import { readLoginSettings } from './settings';

function read(clusterAuth: object) {
  const data = JSON.parse(JSON.stringify({ clusterAuth }));
  return readLoginSettings(mockApis.config({ data }));
}

describe('readLoginSettings', () => {
  it('needs none', () => {
    expect(readLoginSettings(mockApis.config())).toEqual({
      helperUrls: {
        native: 'http://localhost:8888',
        container: 'http://localhost:8000',
      },
      commands: [{ kind: 'binary' }],
      install: { suggest: true },
    });
  });

  it('reads where the helper can be had, and whether to suggest it', () => {
    const install = {
      suggest: false,
      guide: 'https://wiki.example.com/helper',
      extension: 'https://store.example.com/helper',
      extensionForFirefox: 'https://addons.example.com/helper',
      script: 'https://downloads.example.com/install.sh',
      scoop: 'http://localhost:4873/helper.json',
    };
    expect(read({ install })).toMatchObject({
      install,
      commands: [{ kind: 'binary', byScript: true }],
    });
  });

  it.each([
    ['script', 'http://downloads.example.com/install.sh'],
    ['scoop', 'http://localhost.evil.example/helper.json'],
    ['guide', 'file:///etc/passwd'],
    ['extension', 'http://store.example.com/helper'],
    ['extensionForFirefox', 'ftp://addons.example.com/helper'],
  ])('takes nothing from an address that can be forged: %s', (key, url) => {
    expect(() => read({ install: { [key]: url } })).toThrow(
      `clusterAuth.install.${key} must begin with https://`,
    );
  });

  it('offers what is configured', () => {
    const commands = {
      npx: { package: '@example/helper' },
      docker: { image: 'registry.example.com/helper' },
    };
    expect(read({ commands }).commands).toEqual([
      { kind: 'docker', image: 'registry.example.com/helper' },
      { kind: 'binary' },
      { kind: 'npx', packageSpec: '@example/helper' },
    ]);
  });

  it('adds tags and the registry', () => {
    const commands = {
      binary: false,
      docker: { image: 'registry.example.com/helper', tag: '1.2.3' },
      npx: {
        package: '@example/helper',
        tag: '1.2.3',
        registry: 'https://npm.example.com/',
      },
    };
    expect(read({ commands }).commands).toEqual([
      { kind: 'docker', image: 'registry.example.com/helper:1.2.3' },
      {
        kind: 'npx',
        packageSpec: '@example/helper@1.2.3',
        registry: 'https://npm.example.com/',
      },
    ]);
  });

  it.each([
    [{ docker: { tag: '1.2.3' } }, 'clusterAuth.commands.docker.image'],
    [{ npx: { tag: '1.2.3' } }, 'clusterAuth.commands.npx.package'],
    [{ npx: true }, 'clusterAuth.commands.npx'],
  ])('has no default for where a download comes from: %j', (commands, key) => {
    expect(() => read({ commands })).toThrow(key);
  });

  it.each(['docker', 'npx'])('takes false for nothing said: %s', command => {
    expect(read({ commands: { [command]: false } })).toEqual(read({}));
  });

  it('takes another port', () => {
    const helperUrls = { native: 'http://127.0.0.1:18888/' };
    expect(read({ helperUrls }).helperUrls.native).toBe(
      'http://127.0.0.1:18888',
    );
  });

  it.each(['https://evil.example', 'http://localhost.evil.example:8888'])(
    'refuses to hand sessions to another machine: %s',
    native => {
      expect(() => read({ helperUrls: { native } })).toThrow(
        "clusterAuth.helperUrls.native must be on the user's own machine",
      );
    },
  );
});
