import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { inRepository } from '../setup/repository.mjs';
import { MUTATIONS } from './mutations.mjs';

for (const { name, file, right, wrong, also = [] } of MUTATIONS) {
  test(`"${name}" fits the source as it is`, async () => {
    let text = await readFile(inRepository(file), 'utf8');
    for (const [before, after] of [[right, wrong], ...also]) {
      assert.ok(before !== undefined && after !== undefined);
      assert.equal(text.split(before).length, 2, `once in ${file}: ${before}`);
      text = text.replace(before, () => after);
    }
  });
}
