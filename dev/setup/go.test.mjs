import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { FakeMachine } from './fake-machine.mjs';
import { serves } from './go.mjs';

/** @type {FakeMachine} */
let machine;
let module = '';

beforeEach(async () => {
  machine = await FakeMachine.with();
  module = join(machine.folder, 'module');
  await mkdir(module);
  await writeFile(join(module, 'go.mod'), 'module example\n\ngo 1.26.0\n');
});

afterEach(() => machine.remove());

/** @param {string} version */
async function hasGo(version) {
  const go = join(machine.folder, 'go');
  await writeFile(go, `#!/bin/sh\necho ${version}\n`);
  await chmod(go, 0o755);
}

test('a machine without Go is given one', () => {
  assert.equal(serves(module), false);
});

for (const version of ['go1.19.8', 'go1.25.9', "''"]) {
  test(`${version} does not serve`, async () => {
    await hasGo(version);
    assert.equal(serves(module), false);
  });
}

for (const version of ['go1.26.0', 'go1.27rc1', 'go2.0']) {
  test(`${version} serves`, async () => {
    await hasGo(version);
    assert.equal(serves(module), true);
  });
}
