import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, it } from 'node:test';
import { promisify } from 'node:util';

import { StartedCluster } from './started-cluster.mjs';
import { TokenIssuer } from './token-issuer.mjs';

const run = promisify(execFile);

/** @type {TokenIssuer} */
let issuer;
/** @type {StartedCluster} */
let cluster;
/** @type {string} */
let cache;

before(async () => {
  issuer = await TokenIssuer.start();
  cluster = await StartedCluster.start(issuer.issuer);
  cache = await mkdtemp(join(tmpdir(), 'kubectl-'));
});

after(async () => {
  issuer.stop();
  await cluster.stop();
  await rm(cache, { recursive: true });
});

/** @param {string[]} command */
async function options(...command) {
  const token = await issuer.token();
  const connection = ['--server', cluster.url, '--certificate-authority', cluster.caFile, '--token', token];
  return [...connection, '--kubeconfig', '/dev/null', '--cache-dir', cache, ...command];
}

/** @param {string[]} command */
async function kubectl(...command) {
  return (await run('kubectl', await options(...command))).stdout;
}

it('lists pods and namespaces', async () => {
  assert.match(await kubectl('get', 'pods', '-n', 'team-a'), /^NAME +READY +STATUS +RESTARTS +AGE\nweb-0 +1\/1 +Running +0 +\d+s\nweb-1 /);
  assert.match(await kubectl('get', 'ns'), /\nteam-b +Active /);
  assert.equal(await kubectl('get', 'po', '-n', 'team-a', '-l', 'app=web', '-o', 'name'), 'pod/web-0\npod/web-1\n');
});

it('is refused in the words of Kubernetes', async () => {
  await assert.rejects(kubectl('get', 'pods', '-n', 'team-b'), {
    message: /Error from server \(Forbidden\): pods is forbidden: User "felix@example.com" cannot list resource "pods"/,
  });
});

it('reads logs', async () => {
  assert.match(await kubectl('logs', 'web-1', '-n', 'team-a', '--tail=1'), /^web-1 ready\n$/);
});

it('watches pods', async () => {
  const watch = spawn('kubectl', await options('get', 'pods', '-n', 'team-a', '-w', '--no-headers'), { stdio: ['ignore', 'pipe', 'ignore'] });
  const lines = createInterface({ input: watch.stdout })[Symbol.asyncIterator]();
  const name = async () => String((await lines.next()).value).split(' ')[0];
  assert.deepEqual([await name(), await name()], ['web-0', 'web-1']);
  await cluster.call('/control/streams?open=1');
  await cluster.call('/control/touch', { method: 'POST' });
  assert.equal(await name(), 'web-0');
  const exited = once(watch, 'exit');
  watch.kill();
  await exited;
});
