import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, it } from 'node:test';

import { inRepository } from '../setup/repository.mjs';
import { PackedPlugins } from './packed-plugins.mjs';

const BACKEND = ['cluster-auth-backend', 'kubernetes-backend-module-cluster-auth'];
const FRONTEND = 'cluster-auth';

/** @type {PackedPlugins} */
let packed;
/** @type {Map<string, Awaited<ReturnType<PackedPlugins['install']>>>} */
const plugins = new Map();

before(async () => {
  packed = await PackedPlugins.create();
  // The declarations that the build bundles.
  await packed.run(['npm', 'run', 'check'], inRepository('backstage'));
  for (const plugin of [...BACKEND, FRONTEND]) {
    plugins.set(plugin, await packed.install(plugin));
  }
});

after(() => packed.remove());

for (const plugin of [...BACKEND, FRONTEND]) {
  it(`${plugin} brings what people need, and none of its sources`, async () => {
    const { manifest, folder } = Object(plugins.get(plugin));
    const files = await readdir(folder);
    assert.deepEqual(files.sort(), ['LICENSE', 'README.md', 'config.schema.json', 'dist', 'package.json']);
    const all = await readdir(folder, { recursive: true });
    assert.deepEqual(all.filter((file) => /\.test\.|^src|(?<!\.d)\.tsx?$/.test(file)), []);
    assert.equal(manifest.configSchema, 'config.schema.json');
    assert.match(await readFile(join(folder, 'config.schema.json'), 'utf8'), /"visibility": ?"(backend|frontend)"/);
    assert.equal(manifest.license, 'Apache-2.0');
    const links = Object.entries(manifest.dependencies).filter(([, range]) => !/^[~^]\d/.test(String(range)));
    assert.deepEqual(links, []);
  });
}

for (const plugin of BACKEND) {
  it(`${plugin} is loaded as a backend feature`, () => {
    const load = createRequire(join(packed.folder, 'somebody.js'));
    const feature = load(`@backstage-oidc-helper/plugin-${plugin}`).default;
    assert.equal(feature.$$type, '@backstage/BackendFeature');
  });
}

it('an app in TypeScript finds all that the documents name', async () => {
  const document = await readFile(inRepository('docs/backstage.md'), 'utf8');
  const [, backend = ''] = /```ts\n(\/\/ packages\/backend[^]*?)```/.exec(document) ?? [];
  const [, newSystem = ''] = /```ts\n(\/\/ packages\/app[^]*?)```/.exec(document) ?? [];
  const [, legacy = ''] = /```tsx\n\/\/ packages\/app[^]*?\n(import[^]*?)\n\n/.exec(document) ?? [];
  for (const [name, text] of Object.entries({
    backend: `import { createBackend } from '@backstage/backend-defaults';\nconst backend = createBackend();\n${backend}`,
    app: `import { createApp } from '@backstage/frontend-defaults';\n${newSystem}`,
    legacy: `${legacy}\nexport const all = [${imported(legacy).join(', ')}];`,
  })) {
    assert.ok(text.includes('@backstage-oidc-helper/'), `docs/backstage.md shows nothing for ${name}`);
    await writeFile(join(packed.folder, `${name}.ts`), text);
  }
  await writeFile(join(packed.folder, 'tsconfig.json'), JSON.stringify({
    compilerOptions: {
      strict: true, noEmit: true, skipLibCheck: true, jsx: 'react-jsx', types: [],
      module: 'esnext', moduleResolution: 'bundler', target: 'ES2022', lib: ['ES2022', 'DOM', 'DOM.Iterable'],
    },
    include: ['*.ts'],
  }));
  await packed.run([inRepository('backstage/node_modules/.bin/tsc'), '-p', '.'], packed.folder);
});

/**
 * @param {string} text
 * @returns {string[]} the names that it imports
 */
function imported(text) {
  const [, names = ''] = /import \{([^}]*)\}/.exec(text) ?? [];
  return names.split(',').map((name) => name.trim()).filter(Boolean);
}
