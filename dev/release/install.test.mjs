import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';

import { LoopbackServer } from '../idp/loopback.mjs';
import { pathOf } from '../setup/command.mjs';
import { inRepository } from '../setup/repository.mjs';
import { tarGz } from './archives.mjs';
import { readProject } from './project.mjs';

const SCRIPT = inRepository('install.sh');
const ARCHIVE = 'backstage-oidc-helper_1.2.3_linux_amd64.tar.gz';
const SAID = 'backstage-oidc-helper 1.2.3 (0123456789ab)';

/** What every system has that the script runs on. */
const TOOLS = ['sh', 'mktemp', 'sed', 'grep', 'tar', 'gzip', 'mkdir', 'cp', 'chmod', 'mv', 'rm', 'perl'];

/** @type {string} */
let folder;
/** @type {LoopbackServer} */
let server;
/** @type {Map<string, Buffer>} what the server has, by name */
let files;
/** @type {string | undefined} the file that the server breaks off in the middle */
let cut;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'install-'));
  const program = Buffer.from(`#!/bin/sh\necho "${SAID}"\n`);
  const archive = await tarGz([{ name: 'backstage-oidc-helper', content: program, kind: 'program' }], 0);
  files = new Map([[ARCHIVE, archive], ['checksums.txt', checksumsOf(archive)]]);
  cut = undefined;
  server = await LoopbackServer.listen(0);
  server.serve(async (request, response) => {
    const name = request.url?.slice(1) ?? '';
    const content = files.get(name);
    if (content === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, content.length / 2), () => (name === cut ? response.destroy() : response.end(content.subarray(content.length / 2))));
  });
});

afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

/** @param {Buffer} archive */
function checksumsOf(archive) {
  const lines = [[ARCHIVE, archive], [`${ARCHIVE}.txt`, Buffer.from('')]].map(([name, content]) => `${createHash('sha256').update(content ?? '').digest('hex')}  ${name}\n`);
  return Buffer.from(lines.join(''));
}

/**
 * Runs the script on a machine that has nothing but these tools.
 *
 * @param {{tools?: string[], system?: string, processor?: string, path?: string, script?: string, into?: string}} [machine]
 * @returns {Promise<{code: number, stdout: string, stderr: string}>}
 */
async function install({ tools = ['curl', 'sha256sum'], system = 'Linux', processor = 'x86_64', path = '', script = SCRIPT, into } = {}) {
  const bin = join(folder, 'bin');
  await rm(bin, { recursive: true, force: true });
  await mkdir(bin);
  for (const name of [...TOOLS, ...tools]) {
    await symlink(pathOf(name) ?? assert.fail(`this machine has no ${name}`), join(bin, name));
  }
  await writeFile(join(bin, 'uname'), `#!/bin/sh\n[ "$1" = -m ] && echo ${processor} || echo ${system}\n`);
  await chmod(join(bin, 'uname'), 0o755);
  const env = { HOME: folder, PATH: `${bin}${path}`, BASE_URL: `http://127.0.0.1:${server.port}` };
  return promisify(execFile)('sh', into === undefined ? [script] : [script, into], { env, cwd: folder }).then((ended) => ({ ...ended, code: 0 }), (ended) => ended);
}

/** @returns {Promise<string[]>} what lies where it installs */
function installed() {
  return readdir(join(folder, '.local/bin')).catch(() => []);
}

test('the program is installed for the user, can be run, and PATH is mentioned where it lacks the folder', async () => {
  const { code, stdout, stderr } = await install();
  assert.equal(code, 0, stderr);
  assert.match(stdout, new RegExp(`^Installed ${SAID.replace(/[()]/g, '\\$&')} in ${folder}/\\.local/bin\\.$`, 'm'));
  assert.match(stdout, /is not in PATH: add the line export PATH="\S+:\$PATH" to your shell's profile/);
  assert.equal((await stat(join(folder, '.local/bin/backstage-oidc-helper'))).mode & 0o777, 0o755);
  const again = await install({ path: `:${folder}/.local/bin` });
  assert.equal(again.code, 0, again.stderr);
  assert.doesNotMatch(again.stdout, /PATH/);
  assert.deepEqual(await installed(), ['backstage-oidc-helper']);
});

test('an archive that is not the published one is not installed, and the program that was there stays', async () => {
  await install();
  const program = join(folder, '.local/bin/backstage-oidc-helper');
  const before = await readFile(program);
  files.set(ARCHIVE, await tarGz([{ name: 'backstage-oidc-helper', content: Buffer.from('#!/bin/sh\nexit 0\n'), kind: 'program' }], 0));
  const { code, stderr } = await install();
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`^install.sh: ${ARCHIVE} is not what checksums.txt says: nothing was installed`));
  assert.deepEqual(await readFile(program), before);
});

test('a program that cannot be run where it is to be is not installed, and the one that was there stays', async () => {
  await install();
  const program = join(folder, '.local/bin/backstage-oidc-helper');
  const before = await readFile(program);
  const archive = await tarGz([{ name: 'backstage-oidc-helper', content: Buffer.from('#!/bin/sh\nexit 126\n'), kind: 'program' }], 0);
  files = new Map([[ARCHIVE, archive], ['checksums.txt', checksumsOf(archive)]]);
  const { code, stdout, stderr } = await install();
  assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
  assert.match(stderr, /^install\.sh: programs cannot be run from \S+ \(.*\): nothing was installed; name another folder/);
  assert.deepEqual(await readFile(program), before);
  assert.deepEqual(await installed(), ['backstage-oidc-helper']);
});

test('a folder that is named from where one stands, or with a slash at its end, is the same one in PATH', async () => {
  for (const into of ['own', `${folder}/own/`]) {
    const { code, stdout, stderr } = await install({ into, path: `:${folder}/own` });
    assert.equal(code, 0, stderr);
    assert.equal(stdout, `Installed ${SAID} in ${folder}/own.\n`);
  }
});

test('a download that breaks off installs nothing, whichever it is and whatever downloads it', async () => {
  for (const tool of ['curl', 'wget']) {
    for (cut of [ARCHIVE, 'checksums.txt']) {
      const { code, stderr } = await install({ tools: [tool, 'sha256sum'] });
      assert.equal(code, 1, `${tool} ${cut}`);
      assert.match(stderr, new RegExp(`^install.sh: http://127.0.0.1:${server.port}/${cut} could not be downloaded whole: nothing was installed`, 'm'));
    }
  }
  assert.deepEqual(await installed(), []);
});

test('a file that is not there is named', async () => {
  for (const name of [ARCHIVE, 'checksums.txt']) {
    files.delete(name);
    const { code, stderr } = await install();
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`^install.sh: http://127.0.0.1:${server.port}/${name} could not be downloaded whole: nothing was installed`, 'm'));
  }
});

test('a list without an archive for this machine is named', async () => {
  const { code, stderr } = await install({ processor: 'aarch64' });
  assert.equal(code, 1);
  assert.match(stderr, /checksums\.txt names no archive for linux_arm64: nothing was installed/);
});

test('systems and processors without a program get a sentence that helps', async () => {
  assert.match((await install({ system: 'MINGW64_NT-10.0' })).stderr, /no program for MINGW64_NT-10\.0 here: on Windows unpack the \.zip from/);
  assert.match((await install({ system: 'FreeBSD' })).stderr, /no program for FreeBSD here: .* use the container image/);
  const { code, stderr } = await install({ processor: 'riscv64' });
  assert.equal(code, 1);
  assert.match(stderr, /no program for the processor riscv64: build it with cargo build --release/);
  assert.deepEqual(await installed(), []);
});

test('other names of systems and processors are known', async () => {
  for (const [system, processor, name] of [['Darwin', 'arm64', 'darwin_arm64'], ['Darwin', 'x86_64', 'darwin_amd64'], ['Linux', 'arm64', 'linux_arm64']]) {
    assert.match((await install({ system, processor })).stderr, new RegExp(`no archive for ${name}:`));
  }
});

test('it needs one of curl and wget, and one of sha256sum and shasum', async () => {
  for (const tools of [['wget', 'sha256sum'], ['curl', 'shasum']]) {
    const { code, stderr } = await install({ tools });
    assert.equal(code, 0, `${tools}: ${stderr}`);
    await rm(join(folder, '.local'), { recursive: true });
  }
  assert.match((await install({ tools: ['sha256sum'] })).stderr, /neither curl nor wget is here: install one of them/);
  const unchecked = await install({ tools: ['curl'] });
  assert.equal(unchecked.code, 1);
  assert.match(unchecked.stderr, /^install\.sh: neither sha256sum nor shasum is here, so the download cannot be checked: [^\n]*\n$/);
  assert.deepEqual(await installed(), []);
});

test('a script that was cut while it was downloaded does nothing', async () => {
  const script = join(folder, 'cut.sh');
  const whole = await readFile(SCRIPT, 'utf8');
  await writeFile(script, whole.slice(0, whole.lastIndexOf('main "$@"')));
  assert.deepEqual((({ code, stdout, stderr }) => ({ code, stdout, stderr }))(await install({ script })), { code: 0, stdout: '', stderr: '' });
  assert.deepEqual(await installed(), []);
});

test('it downloads from where Cargo.toml says that the releases are', async () => {
  assert.ok((await readFile(SCRIPT, 'utf8')).includes(`{BASE_URL:-${readProject().repository}/releases/latest/download}`));
});
