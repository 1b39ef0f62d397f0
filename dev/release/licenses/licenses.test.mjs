import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';

import { inRepository, REPOSITORY } from '../../setup/repository.mjs';
import { TARGETS } from '../targets.mjs';
import { THIRD_PARTY } from './texts.mjs';

// A machine that has built for its own system alone lacks the crates of the others, without which cargo names none.
before(() => {
  execFileSync('cargo', ['fetch', '--locked', '--quiet'], { cwd: REPOSITORY, stdio: ['ignore', 'inherit', 'inherit'] });
});

/**
 * @param {string} triple
 * @returns {string[]} all crates that are linked into the program there, with their versions
 */
function linked(triple) {
  const line = ['tree', '--locked', '--offline', '--target', triple, '--edges', 'normal', '--prefix', 'none', '--format', '{p}'];
  const printed = execFileSync('cargo', line, { cwd: REPOSITORY, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const crates = [...printed.matchAll(/^(\S+) v(\S+)$/gm)].map(([, name, version]) => `${name} ${version}`);
  return crates.filter((crate) => !crate.startsWith('backstage-oidc-helper '));
}

test('each crate that is linked into the program has its licence in the released text', async () => {
  const text = await readFile(inRepository(THIRD_PARTY), 'utf8');
  const named = new Set([...text.matchAll(/^ {2}(\S+ \S+)/gm)].map(([, crate]) => crate));
  const crates = new Set(TARGETS.flatMap(({ triple }) => linked(triple)));
  assert.ok(crates.size > 100, `cargo names only ${crates.size} crates`);
  assert.deepEqual([...crates].filter((crate) => !named.has(crate)), [], `run \`make licenses\`, and commit ${THIRD_PARTY}`);
});

test('the text has whole licences, also of the C libraries', async () => {
  const text = await readFile(inRepository(THIRD_PARTY), 'utf8');
  for (const sentence of ['Permission is hereby granted, free of charge', 'TERMS AND CONDITIONS FOR USE, REPRODUCTION', 'Rich Felker', 'by the mingw-w64 project']) {
    assert.ok(text.includes(sentence), `it lacks ${sentence}`);
  }
  assert.doesNotMatch(text, /<year>|<owner>/);
});
