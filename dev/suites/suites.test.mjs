import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { it } from 'node:test';

import { inRepository } from '../setup/repository.mjs';
import { ALL_TESTS, RARE_NIGHTS, TESTS } from './suites.mjs';

it('leaves out only tests that there are', () => {
  const missing = RARE_NIGHTS.filter((part) => !existsSync(inRepository('tests', `${part.replaceAll('::', '/')}.rs`)));
  assert.deepEqual(missing, []);
});

it('leaves nothing out of all tests', () => {
  assert.deepEqual(ALL_TESTS.map(({ name }) => name), TESTS.map(({ name }) => name));
  assert.ok(!ALL_TESTS.some(({ line, variables }) => line.includes('--skip') || Object.values(variables ?? {}).includes('brief')));
});
