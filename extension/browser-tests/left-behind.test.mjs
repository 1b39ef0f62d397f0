import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { it } from 'node:test';

import { inTurn } from './in-turn.mjs';
import { PATIENCE_MS } from './until.mjs';

const SERVERS = new URL('port-8000.mjs', import.meta.url);

// node:test runs no other hook after one that throws, so that these may never be stopped.
for (const name of ['ByteSpy', 'DevApp']) {
  it(`${name}: left listening on :8000, with a connection, it does not keep the process of the tests alive`, async (test) => {
    const script = `
      import { once } from 'node:events';
      import { connect } from 'node:net';
      const { ${name} } = await import(${JSON.stringify(SERVERS.href)});
      await ${name}.start();
      const socket = connect(8000, '127.0.0.1');
      await once(socket, 'connect');
      socket.unref();
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'inherit', 'inherit'], timeout: PATIENCE_MS });
    test.after(() => child.kill());
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });
}

it('every step of a hook is done, also after one that fails, which the hook says', async () => {
  /** @type {string[]} */
  const done = [];
  const steps = inTurn(
    () => Promise.reject(new Error('the first')),
    () => {
      done.push('second');
      throw new Error('the second');
    },
    async () => done.push('third'),
  );
  await assert.rejects(steps, /the first/);
  assert.deepEqual(done, ['second', 'third']);
});
