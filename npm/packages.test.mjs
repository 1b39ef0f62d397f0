import assert from 'node:assert/strict';
import { test } from 'node:test';

import { TARGETS } from '../dev/release/targets.mjs';
import { launcherManifest, platformManifest, readRelease } from './packages.mjs';

const RELEASE = { version: '1.2.3', repository: 'https://git.example.com/owner/name' };

test('the launcher depends on the same version of the package for each system, and on nothing else', () => {
  const manifest = launcherManifest(RELEASE);
  assert.deepEqual(manifest.optionalDependencies, {
    '@backstage/oidc-helper-linux-x64': '1.2.3',
    '@backstage/oidc-helper-linux-arm64': '1.2.3',
    '@backstage/oidc-helper-win32-x64': '1.2.3',
    '@backstage/oidc-helper-darwin-arm64': '1.2.3',
    '@backstage/oidc-helper-darwin-x64': '1.2.3',
  });
  assert.deepEqual(Object.keys(manifest).filter((key) => /ependencies|scripts/.test(key)), ['optionalDependencies']);
});

test('a package is for its system alone, and on Linux for every C library', () => {
  const systems = TARGETS.map((target) => {
    const manifest = platformManifest(target, RELEASE);
    assert.ok(!Object.keys(manifest).some((key) => /libc|ependencies|scripts|bin$/.test(key)), manifest.name);
    return [manifest.name, manifest.version, manifest.os, manifest.cpu];
  });
  assert.deepEqual(systems, [
    ['@backstage/oidc-helper-linux-x64', '1.2.3', ['linux'], ['x64']],
    ['@backstage/oidc-helper-linux-arm64', '1.2.3', ['linux'], ['arm64']],
    // It imitates that processor, and has no program of its own.
    ['@backstage/oidc-helper-win32-x64', '1.2.3', ['win32'], ['x64', 'arm64']],
    ['@backstage/oidc-helper-darwin-arm64', '1.2.3', ['darwin'], ['arm64']],
    ['@backstage/oidc-helper-darwin-x64', '1.2.3', ['darwin'], ['x64']],
  ]);
});

test('every package is public, says its source and licence, and where it was built', () => {
  for (const manifest of [launcherManifest(RELEASE), ...TARGETS.map((target) => platformManifest(target, RELEASE))]) {
    const { license, repository, publishConfig } = manifest;
    assert.deepEqual({ license, repository, publishConfig }, {
      license: 'Apache-2.0',
      repository: { type: 'git', url: 'git+https://git.example.com/owner/name.git' },
      publishConfig: { access: 'public', provenance: true },
    });
  }
});

test("the version is that of Cargo.toml's own package, and the source is where the workflow runs, else the one named there", () => {
  const manifest = '[package]\nname = "x"\nversion = "1.2.3"\nrepository = "https://git.example.com/a/b"\n\n[dependencies.y]\nversion = "9.9.9"\n';
  assert.deepEqual(readRelease(manifest, {}), { version: '1.2.3', repository: 'https://git.example.com/a/b' });
  const workflow = { GITHUB_SERVER_URL: 'https://git.example.com', GITHUB_REPOSITORY: 'c/d' };
  assert.deepEqual(readRelease(manifest, workflow), { version: '1.2.3', repository: 'https://git.example.com/c/d' });
  assert.deepEqual(readRelease('[package]\nversion = "1.2.3"\n', {}), { version: '1.2.3' });
  assert.throws(() => readRelease('[package]\n\n[dependencies.y]\nversion = "9.9.9"\n', {}), /Cargo\.toml names no version/);
});
