import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { inRepository } from '../../dev/setup/repository.mjs';
import { readMillion } from './users.mjs';

test('what tests/million.rs says is read', () => {
  const line = 'million: ok (1000 logins, 5000 bytes a user, 2936 of them beside the tokens; admin revoke --user 1 s; admin list 2 s; '
    + 'a sweep that ends 10 of them 0.4 s with a peak of 18 MiB; /status 0.3 ms, 2 ms at most beside the sweep; moved)';
  assert.deepEqual(readMillion(`✓ one\n${line}\n`), { bytes: 5000, besideTokens: 2936, statusMs: 0.3, peakMib: 18 });
  assert.throws(() => readMillion('million: failed'), /says something else/);
});

test('it still says so', async () => {
  const source = await readFile(inRepository('tests/million.rs'), 'utf8');
  for (const words of ['million: ok ({logins} logins, {bytes};', '{bytes} bytes a user, {beside} of them beside the tokens', 'with a peak of {} MiB; /status {:.1} ms']) {
    assert.ok(source.includes(words), words);
  }
});
