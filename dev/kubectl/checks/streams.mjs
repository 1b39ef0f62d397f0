import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { goProgram } from '../../setup/go-programs.mjs';
import { refused } from './objects.mjs';

/**
 * @typedef {import('../stage.mjs').People} People
 * @typedef {import('../person.mjs').Person} Person
 */

/** What is copied each way and downloaded, in bytes. */
export const COPIED = 50_000_000;

/** How many downloads there are at once through one forwarded port. */
const DOWNLOADS = 3;

/**
 * All that kubectl does with streams.
 *
 * @param {People} people
 */
export async function streams({ felix, mara }) {
  await executes(felix);
  await refused(mara, ['exec', 'web-0', '--', 'true'], /pods "web-0" is forbidden: User "mara@example\.com" cannot \w+ resource "pods\/exec"/);
  await refused(mara, ['attach', 'web-0'], /cannot \w+ resource "pods\/attach"/);
  await refused(mara, ['port-forward', 'web-0', ':80'], /cannot \w+ resource "pods\/portforward"/);
  assert.equal(await mara.kubectl('exec', '-n', 'team-b', 'api-0', '--', 'sh', '-c', 'echo "$POD"'), 'api-0\n');
  await resizes(felix);
  await followsAndAttaches(felix);
  await copies(felix);
  await forwards(felix);
}

/** @param {Person} felix */
async function executes(felix) {
  const both = await felix.try('kubectl', ['exec', 'web-0', '--', 'sh', '-c', 'echo out; echo err >&2; exit 3']);
  assert.deepEqual([both.code, both.stdout], [3, 'out\n']);
  assert.match(both.stderr, /^err\ncommand terminated with exit code 3\n$/);
  assert.equal((await felix.try('kubectl', ['exec', 'web-0', '--', 'sh', '-c', 'kill -9 $$'])).code, 137);
  // Its end of input reaches the command, which answers after that.
  const input = randomBytes(1_000_000);
  const { code, stdout } = await felix.try('kubectl', ['exec', '-i', 'web-0', '--', 'sh', '-c', 'sha256sum; exit 4'], input);
  assert.deepEqual([code, stdout], [4, `${sha256(input)}  -\n`]);
  assert.match((await felix.try('kubectl', ['exec', 'web-0', '--', 'no-such-program'])).stderr, /executable file not found/);
}

/** @param {Person} felix */
async function resizes(felix) {
  const terminal = felix.terminal(goProgram('kubectl'), 'exec', '-it', 'web-1', '--', 'sh');
  await untilSize(terminal, '24 80');
  terminal.write('[40,123]\n');
  await untilSize(terminal, '40 123');
  terminal.write(`${JSON.stringify('exit 5\n')}\n`);
  assert.equal((await terminal.ended()).code, 5);
}

/**
 * Asks until the answer is that: the window's size reaches the shell on a stream of its own.
 *
 * @param {import('../running.mjs').Running} terminal
 * @param {string} wanted rows and columns
 */
async function untilSize(terminal, wanted) {
  for (let size = ''; size !== wanted; ) {
    terminal.write(`${JSON.stringify('stty size\n')}\n`);
    size = (await terminal.prints(/(\d+ \d+)\r\n/))[1] ?? '';
  }
}

/** @param {Person} felix */
async function followsAndAttaches(felix) {
  const log = felix.begin('logs', '--follow', 'web-1');
  const attached = felix.begin('attach', '--stdin', 'web-1');
  try {
    await log.prints(/web-1 ready\n/);
    for (const word of ['one', 'two']) {
      attached.write(`${word}\n`);
      await attached.prints(new RegExp(`web-1 heard ${word}\n`));
      await log.prints(new RegExp(`web-1 heard ${word}\n`));
    }
  } finally {
    await Promise.all([log.stop(), attached.stop()]);
  }
}

/** @param {Person} felix */
async function copies(felix) {
  const bytes = randomBytes(COPIED);
  const [sent, fetched] = [join(felix.home, 'sent'), join(felix.home, 'fetched')];
  await writeFile(sent, bytes);
  await felix.kubectl('cp', sent, 'web-0:copied');
  assert.equal(await felix.kubectl('exec', 'web-0', '--', 'sha256sum', 'copied'), `${sha256(bytes)}  copied\n`);
  await felix.kubectl('cp', 'web-0:copied', fetched);
  assert.equal(sha256(await readFile(fetched)), sha256(bytes));
  assert.equal(sha256(await felix.bytes('exec', 'web-0', '--', 'cat', 'copied')), sha256(bytes));
}

/** @param {Person} felix */
async function forwards(felix) {
  const bytes = randomBytes(COPIED);
  const application = createServer((_, response) => response.end(bytes)).listen(0, '127.0.0.1');
  await once(application, 'listening');
  const address = application.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const forward = felix.begin('port-forward', 'web-0', `:${port}`);
  try {
    const [, local] = await forward.prints(/Forwarding from 127\.0\.0\.1:(\d+) -> /);
    const downloads = Array.from({ length: DOWNLOADS }, async () => (await fetch(`http://127.0.0.1:${local}/`, { headers: { connection: 'close' } })).arrayBuffer());
    for (const download of await Promise.all(downloads)) {
      assert.equal(sha256(Buffer.from(download)), sha256(bytes));
    }
  } finally {
    await forward.stop();
    application.close();
    application.closeAllConnections();
  }
}

/** @param {Buffer} bytes */
function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
