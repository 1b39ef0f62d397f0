import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { inRepository } from '../../dev/setup/repository.mjs';
import { planted } from './planting.mjs';

test('the sleep is planted in the path of the sources as they are, once', async () => {
  const source = await readFile(inRepository('src/backend/tokens/get_token.rs'), 'utf8');
  const changed = planted(source);
  assert.equal(changed.split('\n').length, source.split('\n').length + 1);
  assert.match(changed, /on_behalf\(&request\)\.await\?;\n {4}std::thread::sleep\(std::time::Duration::from_millis\(1\)\);\n/);
});

test('sources without that place are refused', () => {
  assert.throws(() => planted('fn other() {}'), /name there after which line/);
});
