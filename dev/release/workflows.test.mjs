import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { IMAGE, PUBLISHED_IMAGE } from '../image/inspection.mjs';
import { inRepository } from '../setup/repository.mjs';
import { neededToBuild } from './builds.mjs';
import { chosenTargets, readProject } from './project.mjs';
import { TARGETS } from './targets.mjs';

/** @type {string} */
let folder;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'workflows-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** @param {string} name */
function workflow(name) {
  return readFile(inRepository('.github/workflows', name), 'utf8');
}

/** @param {string} text of a workflow @param {string} name @returns {string} one of its jobs */
function job(text, name) {
  const [, found] = new RegExp(`^  ${name}:\\n((?:    .*\\n|\\n)+)`, 'm').exec(text) ?? [];
  return found ?? assert.fail(`there is no job ${name}`);
}

/** @param {string} text of a job @param {string} step its name @returns {string} what it runs */
function script(text, step) {
  const [, block] = new RegExp(`- name: ${step}\\n(?: {8}.*\\n)*? {8}run: \\|\\n((?: {10}.*\\n)+)`).exec(text) ?? [];
  return block?.replaceAll(/^ {10}/gm, '') ?? assert.fail(`no step ${step} runs something`);
}

/** @param {string} lines as a runner runs them @param {Record<string, string>} variables */
function runAsRunner(lines, variables) {
  execFileSync('bash', ['-e', '-c', lines], { env: { PATH: process.env['PATH'], HOME: folder, ...variables } });
}

test('the files of a release are built for each system, once, where they can be, and those for Windows and macOS run there', async () => {
  const text = await workflow('release-files.yml');
  const built = [...text.matchAll(/^ +ONLY: (\S+)$/gm)].map(([, names = '']) => names);
  assert.deepEqual(built.flatMap((names) => names.split(',')).sort(), TARGETS.map(({ name }) => name).sort());
  const runners = { linux: 'ubuntu', windows: 'windows', macos: 'macos' };
  for (const [name, runner] of Object.entries(runners)) {
    assert.match(job(text, name), new RegExp(`^    runs-on: ${runner}-`, 'm'));
  }
  for (const [name, platform] of /** @type {const} */ ([['linux', 'linux'], ['macos', 'darwin']])) {
    const [, only] = /^ +ONLY: (\S+)$/m.exec(job(text, name)) ?? [];
    assert.doesNotThrow(() => neededToBuild(chosenTargets(only), platform));
  }
  assert.doesNotMatch(job(text, 'windows'), /make |node /, 'Windows has neither apt nor a file named cargo');
  for (const name of ['windows', 'macos']) {
    assert.match(job(text, name), /run: tried\/\S+ --version \| grep .*GITHUB_SHA::12/);
  }
});

test('a system that a machine cannot build for is refused before anything is installed', () => {
  assert.deepEqual(neededToBuild(chosenTargets('darwin_arm64'), 'darwin').programs, [], 'there is no apt');
  assert.throws(() => neededToBuild(TARGETS, 'darwin'), /a Mac builds for macOS alone: run ONLY=darwin_arm64,darwin_amd64 make release/);
  assert.throws(() => neededToBuild(TARGETS, 'win32'), /on Windows in WSL/);
});

test('a release has the files that are built each night, too, from what was committed alone', async () => {
  const [files, release] = await Promise.all([workflow('release-files.yml'), workflow('release.yml')]);
  assert.match(files, /^on:\n  schedule:\n    - cron: .*\n  workflow_call:$/m);
  assert.match(files, /^  COMMITTED_ONLY: 1$/m);
  assert.match(job(files, 'linux'), /sudo env .*"COMMITTED_ONLY=\$COMMITTED_ONLY" .* make release release-test$/m, 'sudo passes on what is named');
  assert.match(job(release, 'files'), /^    uses: \.\/\.github\/workflows\/release-files\.yml$/m);
  assert.match(job(release, 'draft'), /^    needs: \[ci, files\]$/m);
});

test('a release has provenance for its files before it is drafted, and for the npm packages', async () => {
  const draft = job(await workflow('release.yml'), 'draft');
  const [lists, attested, drafted] = ['make release-lists', 'subject-path: target/release-files/*', 'gh release create'].map((step) => draft.indexOf(step));
  assert.ok(0 < (lists ?? 0) && (lists ?? 0) < (attested ?? 0) && (attested ?? 0) < (drafted ?? 0));
  assert.match(draft, /^      attestations: write$/m);
  assert.doesNotMatch(draft, /actions\/(prepare|cache)/, 'what an earlier job has left in a cache would be signed with it');
  assert.match(await workflow('publish.yml'), /node npm\/publish\.mjs .*--provenance/);
});

test('the image that was pushed has signed provenance, at GitHub and beside it', async () => {
  const publish = job(await workflow('image.yml'), 'publish');
  for (const permission of ['id-token', 'attestations']) {
    assert.match(publish, new RegExp(`^      ${permission}: write$`, 'm'));
  }
  const pushed = publish.indexOf('        id: push\n');
  const attested = publish.indexOf('- uses: actions/attest-build-provenance@');
  assert.ok(0 < pushed && pushed < attested);
  assert.match(publish.slice(attested), /subject-name: \$\{\{ steps\.names\.outputs\.subject \}\}\n +subject-digest: \$\{\{ steps\.push\.outputs\.digest \}\}\n +push-to-registry: true/);
});

test('the image is pushed under its public name, by its version, and only a release for everyone is the latest', async () => {
  const text = await workflow('image.yml');
  const [, image = ''] = /^  IMAGE: (\S+)$/m.exec(text) ?? [];
  assert.equal(image, PUBLISHED_IMAGE);
  const lines = script(job(text, 'publish'), 'Its names');
  /** @param {string} tag @param {'true' | 'false'} prerelease */
  const names = async (tag, prerelease) => {
    const output = join(folder, `${tag}-${prerelease}`);
    runAsRunner(lines, { TAG: tag, PRERELEASE: prerelease, IMAGE: image, GITHUB_OUTPUT: output });
    return readFile(output, 'utf8');
  };
  const subject = `subject=index.${PUBLISHED_IMAGE}\n`;
  assert.equal(await names('v0.1.0', 'false'), `version=0.1.0\ntags=${image}:0.1.0,${image}:latest\n${subject}`);
  for (const [tag, prerelease] of /** @type {const} */ ([['v0.2.0', 'true'], ['v0.2.0-rc.1', 'true'], ['v0.2.0-rc.1', 'false']])) {
    assert.equal(await names(tag, prerelease), `version=${tag.slice(1)}\ntags=${image}:${tag.slice(1)}\n${subject}`, `${tag} ${prerelease}`);
  }
  assert.match(text, /^ +VERSION=\$\{\{ steps\.names\.outputs\.version \}\}\n/m);
  assert.match(text, /^ +tags: \$\{\{ steps\.names\.outputs\.tags \}\}$/m);
});

test('npm has a token where the secret is set, and none where it is not', async () => {
  const lines = script(job(await workflow('publish.yml'), 'npm'), 'The token, where there is one');
  const configuration = join(folder, '.npmrc');
  const variables = { NPM_CONFIG_REGISTRY: 'https://registry.example.com/npm/', NPM_CONFIG_USERCONFIG: configuration };
  runAsRunner(lines, { ...variables, NPM_TOKEN: '' });
  await assert.rejects(readFile(configuration), /ENOENT/);
  runAsRunner(lines, { ...variables, NPM_TOKEN: 'a-secret' });
  assert.equal(await readFile(configuration, 'utf8'), '//registry.example.com/npm/:_authToken=${NPM_TOKEN}\n');
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

test('documents and compose.yaml name the image by which it is published, and the version that Cargo.toml has', async () => {
  const pages = (await readdir(inRepository('docs'), { recursive: true })).filter((name) => name.endsWith('.md')).map((name) => join('docs', name));
  const { version } = readProject();
  const [images, versions] = [new Set(), new Set()];
  for (const file of ['README.md', 'compose.yaml', ...pages]) {
    const text = await readFile(inRepository(file), 'utf8');
    for (const [, image = ''] of text.matchAll(/(?:\bdocker (?:run|pull|image|buildx)\b[^\n`]*? |\bimage: |\boci:\/\/)((?:[\w.-]+\/)+oidc-helper)\b/g)) {
      images.add(image.replace('docker.io/', ''));
    }
    for (const [, named] of text.matchAll(/(?:backstage-oidc-helper_|oidc-helper:|oidc-helper\/releases\/download\/v)(\d+\.\d+\.\d+[\w.-]*?)(?=[_/`"\s]|$)/g)) {
      versions.add(named);
    }
    assert.doesNotMatch(text, /releases\/latest\/download\/\S*_\d+\.\d+\.\d+_/, `${file}: the latest release has other names`);
  }
  assert.deepEqual([...images], [IMAGE]);
  assert.deepEqual([...versions], [version]);
});
