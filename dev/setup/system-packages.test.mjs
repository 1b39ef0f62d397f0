import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';

import { FakeMachine } from './fake-machine.mjs';
import { installSystemPackages } from './system-packages.mjs';

/** @type {FakeMachine} */
let machine;

afterEach(() => machine.remove());

/** @param {import('./system-packages.mjs').SystemProgram} program */
async function install(program = 'chromium') {
  const installed = await installSystemPackages([program], { log: machine.log, say: () => {} });
  return { installed, asked: await machine.asked() };
}

test('a machine without a browser gets chromium, and no variable that names none', async () => {
  machine = await FakeMachine.with();
  const { installed, asked } = await install();
  assert.match(asked, /^install .*\bchromium\b/m);
  assert.deepEqual(installed, ['chromium']);
  assert.equal(process.env['CHROMIUM'], undefined);
});

test('a browser of another name is used as it is', async () => {
  machine = await FakeMachine.with('google-chrome');
  assert.deepEqual(await install(), { installed: [], asked: '' });
  assert.equal(process.env['CHROMIUM'], join(machine.folder, 'google-chrome'));
});

test('chromium itself needs nothing', async () => {
  machine = await FakeMachine.with('chromium');
  assert.deepEqual(await install(), { installed: [], asked: '' });
  assert.equal(process.env['CHROMIUM'], undefined);
});

test('podman comes with what gives its containers a network', async () => {
  machine = await FakeMachine.with();
  assert.match((await install('podman')).asked, /^install .* podman netavark aardvark-dns iptables \(7 words\)$/m);
});
