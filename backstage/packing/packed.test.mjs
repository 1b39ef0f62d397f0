import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, it } from 'node:test';

import { Installed } from './installed.mjs';
import { packAll } from './pack.mjs';

const SCOPE = '@backstage-oidc-helper/plugin-';
const TSC = resolve(import.meta.dirname, '../node_modules/typescript/bin/tsc');

/** The files that a package may contain. */
const PUBLISHED = /^(package\.json|README\.md|LICENSE|config\.schema\.json|dist\/[\w./-]+\.(cjs|esm)\.js(\.map)?|dist\/[\w-]+\.d\.ts)$/;

/** The packages of an app around a plugin, for types. */
const OF_AN_APP = ['@types/react', '@types/node', '@types/express'];

const target = mkdtempSync(join(tmpdir(), 'packed-'));
const packages = await packAll(target);
const installed = await Promise.all(packages.map((packed) => Installed.from(packed, OF_AN_APP)));

after(() => {
  for (const folder of [target, ...installed.map(({ folder }) => folder)]) {
    rmSync(folder, { recursive: true });
  }
});

/** @param {string} name */
function installedAs(name) {
  const found = installed.find((one) => one.name === `${SCOPE}${name}`);
  assert.ok(found, `${name} was not packed`);
  return found;
}

it('all three are packed', () => {
  assert.deepEqual(
    packages.map(({ name }) => name.replace(SCOPE, '')).sort(),
    ['cluster-auth', 'cluster-auth-backend', 'kubernetes-backend-module-cluster-auth'],
  );
});

for (const { name, tarball } of packages) {
  describe(name, () => {
    const files = execFileSync('tar', ['tzf', tarball], { encoding: 'utf8' }).trim().split('\n').map((path) => path.replace('package/', ''));

    it('holds what it is made of, and no sources or tests', () => {
      assert.deepEqual(files.filter((path) => !PUBLISHED.test(path) || /test|src\//i.test(path)), []);
      for (const path of ['README.md', 'LICENSE', 'config.schema.json', 'dist/index.d.ts']) {
        assert.ok(files.includes(path), `${path} is missing`);
      }
    });

    it('has every file that its package.json names', () => {
      const { main, module, types, exports, configSchema } = installedAs(name.replace(SCOPE, '')).manifest;
      const named = JSON.stringify([main, module, types, exports, configSchema]).match(/[\w./-]+\.(json|d\.ts|js)\b/g) ?? [];
      assert.ok(named.length >= 3);
      assert.deepEqual(named.map((path) => path.replace('./', '')).filter((path) => !files.includes(path)), []);
    });

    it('brings the schema of its configuration', async () => {
      const schema = JSON.parse(await installedAs(name.replace(SCOPE, '')).read('config.schema.json'));
      assert.equal(schema.properties.clusterAuth.type, 'object');
    });
  });
}

for (const name of ['cluster-auth-backend', 'kubernetes-backend-module-cluster-auth']) {
  it(`${name} loads where only what it asks for is installed`, async () => {
    const program = `process.stdout.write(require('${SCOPE}${name}').default.$$type)`;
    assert.equal(await installedAs(name).run([process.execPath, '-e', program]), '@backstage/BackendFeature');
  });

  it(`${name} has types`, async () => {
    await assertTypes(name, `import type { BackendFeature } from '@backstage/backend-plugin-api';
import feature from '${SCOPE}${name}';
export const checked: BackendFeature = feature;
// @ts-expect-error: there are types at all
export const wrong: string = feature;
`);
  });
}

it('cluster-auth has types, for the legacy frontend too', async () => {
  await assertTypes('cluster-auth', `import type { FrontendFeatureLoader } from '@backstage/frontend-plugin-api';
import type { AnyApiFactory } from '@backstage/core-plugin-api';
import feature from '${SCOPE}cluster-auth';
import { ClusterAuthPage, kubernetesAuthProvidersApiFactory } from '${SCOPE}cluster-auth/legacy';
export const checked: FrontendFeatureLoader = feature;
export const apis: AnyApiFactory[] = [kubernetesAuthProvidersApiFactory];
export const page: JSX.Element = <ClusterAuthPage />;
// @ts-expect-error: there are types at all
export const wrong: string = ClusterAuthPage;
`);
});

it('cluster-auth imports nothing that it does not ask for', async () => {
  const one = installedAs('cluster-auth');
  const asked = new Set(Object.keys({ ...one.manifest.dependencies, ...one.manifest.peerDependencies }));
  const dist = join(one.folder, 'node_modules', one.name, 'dist');
  const imports = execFileSync('grep', ['-rhoE', '--include=*.esm.js', `(from|import\\() ?'[^.'][^']*'`, dist], { encoding: 'utf8' });
  const needed = new Set(imports.trim().split('\n').map(packageOfImport));
  assert.ok(needed.has('react'));
  assert.deepEqual([...needed].filter((name) => !asked.has(name)), []);
});

/** @param {string} statement ends with a quoted module */
function packageOfImport(statement) {
  const parts = statement.replace(/^[^']*'|'$/g, '').split('/');
  return parts.slice(0, parts[0]?.startsWith('@') ? 2 : 1).join('/');
}

/**
 * @param {string} name of the package; the text is compiled in its folder
 * @param {string} text
 */
async function assertTypes(name, text) {
  const one = installedAs(name);
  writeFileSync(join(one.folder, 'consumer.tsx'), text);
  const options = ['--strict', '--noEmit', '--skipLibCheck', '--jsx', 'react-jsx', '--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler'];
  await one.run([process.execPath, TSC, ...options, 'consumer.tsx']);
}
