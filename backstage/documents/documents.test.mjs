import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { before, describe, it } from 'node:test';

import { DOCUMENTS, snippetsIn } from './snippets.mjs';

const require = createRequire(import.meta.url);
const { loadConfigSchema } = require('@backstage/config-loader');
const { parse } = require('yaml');

/**
 * What a diff makes of a place, where that stands for itself. The legacy app's own files do not; `make stock-app` compiles them.
 *
 * @param {import('./snippets.mjs').Snippet} diff
 */
function wholeFilesOf({ place, text }) {
  const [, file, body = ''] = /^@@ (packages\/backend\/src\/index\.ts) @@\n([^]*)$/.exec(text) ?? [];
  return file ? [{ place, text: `// ${file}\n${body.replaceAll(/^[ +]/gm, '')}` }] : [];
}

/** @typedef {{properties?: Record<string, Schema>}} Schema */

const WORKSPACE = resolve(import.meta.dirname, '..');
const PLUGINS = ['cluster-auth', 'cluster-auth-backend', 'kubernetes-backend-module-cluster-auth'];

/** The beginning of files to which a document adds code. */
const ALREADY_THERE = {
  '// packages/backend/src/index.ts': `import { createBackend } from '@backstage/backend-defaults';\nconst backend = createBackend();\n`,
};

it('the code in the documents compiles against the plugins as they are', () => {
  const snippets = [...snippetsIn('ts', 'tsx'), ...snippetsIn('diff').flatMap(wholeFilesOf)];
  const made = join(WORKSPACE, 'dist-documents');
  mkdirSync(made, { recursive: true });
  const folder = mkdtempSync(join(made, 'code-'));
  const files = snippets.map(({ place, text }) => {
    const file = join(folder, `${place.replaceAll(/[/:]/g, '_')}.tsx`);
    const [, there = ''] = Object.entries(ALREADY_THERE).find(([name]) => text.startsWith(name)) ?? [];
    writeFileSync(file, `${there}${text}\nexport {};\n`);
    return file;
  });
  assert.ok(files.length >= 5, `only ${files.length} pieces of code were found`);
  const options = ['--strict', '--noEmit', '--skipLibCheck', '--jsx', 'react-jsx', '--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler', '--resolveJsonModule', '--esModuleInterop'];
  try {
    execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), ...options, ...files], { encoding: 'utf8' });
  } catch (error) {
    assert.fail(`${Object(error).stdout}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('configuration', () => {
  const app = { data: parse(readFileSync(join(WORKSPACE, 'app/app-config.yaml'), 'utf8')), context: 'app' };
  /** @type {Awaited<ReturnType<typeof loadConfigSchema>>} */
  let whole;
  /** @type {Set<string>} */
  let ours;

  before(async () => {
    const packages = ['app/backend', ...PLUGINS.map((name) => `plugins/${name}`)];
    whole = await loadConfigSchema({ dependencies: [], packagePaths: packages.map((path) => join(WORKSPACE, path, 'package.json')) });
    /** @type {{packageName: string, value: Schema}[]} */
    const schemas = Object(whole.serialize()).schemas;
    const own = schemas.filter(({ packageName }) => packageName.startsWith('@backstage-oidc-helper/'));
    ours = new Set(own.flatMap(({ value }) => keysOf(value)));
  });

  for (const { place, text } of snippetsIn('yaml')) {
    const content = parse(text);
    if (content.apiVersion) {
      it(`${place} is an object of Kubernetes`, () => {
        assert.match(`${content.apiVersion} ${content.kind} ${content.metadata.name}`, /^[\w./]+\/v1 (Ingress|RoleBinding) [a-z-]+$/);
      });
    } else {
      it(`${place} is a configuration that Backstage accepts`, () => {
        whole.process([app, { data: content, context: place }]);
        assert.deepEqual(leavesOf(content).filter((key) => key.startsWith('clusterAuth.') && !ours.has(key)), []);
      });
    }
  }

  it('the ingress lets through what takes long, is large, or comes line by line', () => {
    const [ingress] = snippetsIn('yaml').map(({ text }) => parse(text)).filter(({ kind }) => kind === 'Ingress');
    const setting = (/** @type {string} */ name) => ingress.metadata.annotations[`nginx.ingress.kubernetes.io/proxy-${name}`];
    // Kubernetes takes 3 MB; its watches last up to an hour.
    assert.ok(/^\d+m$/.test(setting('body-size')) && Number.parseInt(setting('body-size'), 10) > 3, setting('body-size'));
    assert.ok(Number(setting('read-timeout')) >= 3600, setting('read-timeout'));
    assert.equal(setting('buffering'), 'off');
  });

  it('what Backstage does not accept is noticed', () => {
    assert.throws(() => whole.process([app, { data: { clusterAuth: { commands: { docker: 'perhaps' } } }, context: 'test' }]), /docker/);
    assert.throws(() => whole.process([app, { data: { kubernetes: { clusterLocatorMethods: [{ type: 'guessed' }] } }, context: 'test' }]), /clusterLocatorMethods/);
  });

  it('docs/backstage.md names every key, and none that is not there', () => {
    const text = readFileSync(DOCUMENTS[0] ?? '', 'utf8');
    const named = [...text.matchAll(/^\| `(clusterAuth\.[\w.]+)` \|/gm)].map(([, key]) => key);
    assert.deepEqual(named.sort(), [...ours].sort());
  });
});

/**
 * @param {Schema} schema
 * @param {string[]} path
 * @returns {string[]} where it has values
 */
function keysOf({ properties }, path = []) {
  return properties
    ? Object.entries(properties).flatMap(([key, inner]) => keysOf(inner, [...path, key]))
    : [path.join('.')];
}

/**
 * @param {unknown} value
 * @param {string[]} path
 * @returns {string[]} where it has values; a list is one
 */
function leavesOf(value, path = []) {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]))
    : [path.join('.')];
}
