import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';

import { FakeMachine } from './fake-machine.mjs';
import { requireGo } from './provider-programs.mjs';

/** @type {FakeMachine} */
let machine;

afterEach(() => machine.remove());

/** @param {string} version */
async function machineWithGo(version) {
  machine = await FakeMachine.with();
  const go = join(machine.folder, 'go');
  await writeFile(go, `#!/bin/sh\necho ${version}\n`);
  await chmod(go, 0o755);
}

test('a machine without Go is told which one', async () => {
  machine = await FakeMachine.with();
  await assert.rejects(requireGo(), /^Error: Go is missing: install 1\.26 or newer, then run this again$/);
});

test('a machine with an older Go is told so', async () => {
  await machineWithGo('go1.19.8');
  await assert.rejects(requireGo(), /^Error: Go is too old \(go1\.19\.8\): install 1\.26 or newer/);
});

for (const version of ['go1.26.0', 'go1.27rc1']) {
  test(`${version} serves`, async () => {
    await machineWithGo(version);
    await requireGo();
  });
}
