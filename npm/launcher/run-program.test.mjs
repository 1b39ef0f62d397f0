import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, test } from 'node:test';

import { HERE, InstalledLauncher, outcome } from '../installed-launcher.mjs';

/** @type {InstalledLauncher} */
let installed;

beforeEach(async () => {
  installed = await InstalledLauncher.make();
});
afterEach(() => installed.remove());

/** The ways in which Node can run it: where it can replace itself by the program, also that of one that cannot. */
function ways() {
  const asChild = ['--import', 'data:text/javascript,delete process.execve'];
  const options = 'execve' in process ? [[], asChild] : [[]];
  return options.map((one) => [process.execPath, ...one, installed.launcher]);
}

test('arguments, environment and output are those of the program', async () => {
  await installed.add(HERE, { script: `printf '<%s>' "$@" "$SECRET"; echo said >&2` });
  const { code, stdout, stderr } = await installed.run(['login', '--backend', 'a b', '', '*'], { SECRET: '$x y' });
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '<login><--backend><a b><><*><$x y>', stderr: 'said\n' });
});

test('a link in another folder runs it too', async () => {
  await installed.add(HERE, { script: 'echo found' });
  await mkdir(join(installed.modules, '.bin'));
  const link = join(installed.modules, '.bin/backstage-oidc-helper');
  await symlink(installed.launcher, link);
  assert.equal((await outcome(installed.start([process.execPath, link]))).stdout, 'found\n');
});

test('the exit code is that of the program', async () => {
  for (const code of [0, 1, 3, 5, 130]) {
    await installed.add(HERE, { script: `exit ${code}` });
    for (const line of ways()) {
      assert.equal((await outcome(installed.start(line))).code, code);
    }
  }
});

test('a program that a signal ends lets the launcher end by the same signal', async () => {
  for (const signal of ['TERM', 'KILL', 'INT']) {
    await installed.add(HERE, { script: `kill -${signal} $$` });
    for (const line of ways()) {
      assert.equal((await outcome(installed.start(line))).signal, `SIG${signal}`);
    }
  }
});

test('a signal that the launcher gets reaches the program once, and the launcher waits for its end', async () => {
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT', 'SIGHUP'])) {
    const name = signal.slice(3);
    // Its own child is what it waits for: a shell runs a trap only when that has ended.
    const script = `trap 'echo ${name}; count=$((count + 1)); kill $child' ${name}; sleep 60 & child=$!; echo ready; wait; wait; exit "$((40 + count))"`;
    await installed.add(HERE, { script });
    for (const line of ways()) {
      const child = installed.start(line);
      await once(child.stdout, 'readable');
      const ended = outcome(child);
      child.kill(signal);
      const { code, stdout } = await ended;
      assert.deepEqual({ code, stdout }, { code: 41, stdout: `ready\n${name}\n` });
    }
  }
});

test('Ctrl-C in a terminal reaches the program once, also through a launcher that stays', async () => {
  // It counts until SIGTERM, which the launcher passes on after all that it got before.
  const script = `trap 'count=$((count + 1)); echo INT' INT; trap 'kill $child; exit "$((40 + count))"' TERM; sleep 60 & child=$!; echo "launcher $PPID"; while :; do wait; done`;
  await installed.add(HERE, { script });
  // Without `exec` a shell stands between the two, and some (dash) end by the signal themselves.
  const line = ['exec', process.execPath, '--import', "'data:text/javascript,delete process.execve'", installed.launcher].join(' ');
  const terminal = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = once(terminal, 'exit');
  const lines = createInterface({ input: terminal.stdout })[Symbol.asyncIterator]();
  const [, launcher] = /^launcher (\d+)/.exec((await lines.next()).value) ?? [];
  terminal.stdin.write('\x03');
  assert.match((await lines.next()).value, /INT/);
  process.kill(Number(launcher), 'SIGTERM');
  assert.deepEqual((await ended)[0], 41);
});

test('a program without the right to be executed is given it by the command that is named', async () => {
  const program = await installed.add(HERE, { mode: 0o644 });
  const { code, stderr } = await installed.run();
  assert.deepEqual({ code, stderr }, { code: 126, stderr: `${program} is not executable: run \`chmod +x '${program}'\`, then this again.\n` });
  await chmod(program, 0o755);
  assert.equal((await installed.run()).code, 0);
});

test('a file system without programs is told apart', async () => {
  const program = await installed.add(HERE);
  const mount = 'mount --bind "$0" "$0" && mount -o remount,bind,noexec "$0" && exec "$@"';
  const namespace = ['unshare', '--mount', ...(process.getuid?.() === 0 ? [] : ['--map-root-user'])];
  const { code, stderr } = await outcome(installed.start([...namespace, 'sh', '-c', mount, installed.root, process.execPath, installed.launcher]));
  const sentence =
    `${program} may not be executed where it is (its file system is mounted with noexec, or this machine has a rule against it): install the ` +
    'package in another folder; npx takes the one that npm_config_cache names.\n';
  assert.deepEqual({ code, stderr }, { code: 126, stderr: sentence });
});

test('a program that is gone, or cannot be run here, is one sentence', async () => {
  const program = await installed.add(HERE);
  await rm(program);
  const gone = await installed.run();
  const missing = `${program} is missing although its package is installed (antivirus programs remove what they do not know): install the package again.\n`;
  assert.deepEqual({ code: gone.code, stderr: gone.stderr }, { code: 126, stderr: missing });
  await writeFile(program, '#!/no/interpreter\n');
  await chmod(program, 0o755);
  const unusable = await outcome(installed.start(ways().at(-1) ?? []));
  const sentence =
    `${program} cannot be run on this machine (ENOENT): install the package again with a Node for this machine's processor, or use the ` +
    'container image.\n';
  assert.deepEqual({ code: unusable.code, stderr: unusable.stderr }, { code: 126, stderr: sentence });
});

test('a system whose package is missing is a sentence and an exit code', async () => {
  const { code, stdout, stderr } = await installed.run();
  assert.deepEqual({ code, stdout }, { code: 127, stdout: '' });
  assert.match(stderr, /^@backstage\/oidc-helper-\S+, which @backstage\/oidc-helper needs here, is not installed .*, then this again\.\n$/);
});
