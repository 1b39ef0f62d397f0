import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { afterEach, test } from 'node:test';

import { FakeMachine } from './fake-machine.mjs';
import { allNeeds, NEEDS } from './needs.mjs';
import { inRepository } from './repository.mjs';
import { missing } from './setup.mjs';

/** @type {FakeMachine} */
let machine;

afterEach(() => machine.remove());

test('what is missing is named, and nothing is installed', async () => {
  machine = await FakeMachine.with('cargo', 'cc', 'python3');
  const absent = await missing({ ...NEEDS.lint, tools: ['Rust for Windows and macOS'], folders: [] }, machine.log);
  assert.deepEqual(absent, ['shellcheck', 'x86_64-w64-mingw32-gcc', 'pip3', 'Rust for Windows and macOS']);
  assert.equal(await machine.asked(), '');
});

test('a machine without Rust is told where to get it', async () => {
  machine = await FakeMachine.with('cc');
  await assert.rejects(missing(NEEDS.demo, machine.log), /^Error: Rust is missing: install 1\.95 or newer from https:\/\/rustup\.rs/);
});

test('make setup installs what each target needs that does not bring its own', async () => {
  machine = await FakeMachine.with();
  const { programs, folders, tools } = allNeeds();
  const { bench, providers, 'kubectl-real': real, 'kubectl-hours': hours, 'chart-real': chart, ...others } = NEEDS;
  const own = ['oauth2-proxy', ...providers.tools, 'k9s', 'etcd', 'kube-apiserver', 'kubectl and k9s on a moved clock', 'definitions of other kinds'];
  assert.deepEqual(tools.filter((tool) => own.some((one) => one === tool)), [], 'most of them take up to half an hour');
  assert.deepEqual([...bench.tools, ...real.tools, ...hours.tools, ...chart.tools].filter((tool) => !own.some((one) => one === tool) && !tools.includes(tool)), []);
  for (const needs of Object.values(others)) {
    assert.deepEqual(needs.programs.filter((program) => !programs.includes(program)), []);
    assert.deepEqual(needs.folders.filter((folder) => !folders.includes(folder)), []);
    assert.deepEqual(needs.tools.filter((tool) => !tools.includes(tool)), []);
  }
});

test('CI installs what a known target needs, and runs that target', async () => {
  machine = await FakeMachine.with();
  const workflow = await readFile(inRepository('.github/workflows/ci.yml'), 'utf8');
  const one = [...workflow.matchAll(/^ +target: (\w\S*)$/gm)].map(([, target = '']) => target);
  const matrix = /^ +target: \[(.*)\]$/m.exec(workflow)?.[1]?.split(', ') ?? [];
  const makefile = await readFile(inRepository('Makefile'), 'utf8');
  assert.ok(one.length >= 3 && matrix.length >= 6);
  for (const target of [...one, ...matrix]) {
    assert.ok(target in NEEDS, `make setup FOR=${target} does not know what it needs`);
    assert.match(makefile, new RegExp(`^${target}: `, 'm'));
  }
});
