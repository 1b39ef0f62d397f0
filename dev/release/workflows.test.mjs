import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { inRepository } from '../setup/repository.mjs';
import { TARGETS } from './targets.mjs';

/** @param {string} name */
function workflow(name) {
  return readFile(inRepository('.github/workflows', name), 'utf8');
}

test('the release workflow builds for each system, once, and on a runner of that system', async () => {
  const text = await workflow('release.yml');
  const built = [...text.matchAll(/\b(?:only|ONLY): (?!\$)(\S+)/g)].flatMap(([, names = '']) => names.split(','));
  assert.deepEqual(built.sort(), TARGETS.map(({ name }) => name).sort());
  const runners = [...text.matchAll(/runner: (\w+)-\S+\n +only: (\S+)/g)].map(([, runner, names]) => `${runner} ${names}`);
  assert.deepEqual(runners, ['windows windows_amd64', 'macos darwin_arm64,darwin_amd64']);
});

test('a release has provenance for its files before it is drafted, and for the npm packages and the image', async () => {
  const release = await workflow('release.yml');
  const [lists, attested, drafted] = ['make release-lists', 'subject-path: target/release-files/*', 'gh release create'].map((step) => release.indexOf(step));
  assert.ok(0 < (lists ?? 0) && (lists ?? 0) < (attested ?? 0) && (attested ?? 0) < (drafted ?? 0));
  assert.match(await workflow('publish.yml'), /node npm\/publish\.mjs .*--provenance/);
  assert.match(await workflow('image.yml'), /provenance: mode=max\n +sbom: true/);
});

test('what a workflow takes from elsewhere is pinned by its commit, and what it makes is a target', async () => {
  const makefile = await readFile(inRepository('Makefile'), 'utf8');
  for (const name of await readdir(inRepository('.github/workflows'))) {
    const text = await workflow(name);
    const foreign = [...text.matchAll(/uses: (\S+@\S+.*)/g)].map(([, action = '']) => action);
    assert.deepEqual(foreign.filter((action) => !/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action)), [], name);
    for (const [, target = ''] of text.matchAll(/(?:run:|HOME\/\.cargo") +make ([a-z][a-z-]*)/g)) {
      assert.match(makefile, new RegExp(`^${target}: `, 'm'));
    }
  }
});
