import '../../testing/fake-browser';

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { readEntered } from './form';

const PORTAL = 'https://portal.example';

it('says what to enter instead of an address of this machine to which the extension gets no access', () => {
  for (const [field, address, entered] of [
    ['address', 'http://[::1]:7007', ['http://[::1]:7007', '', '']],
    ['address', 'http://127.0.0.2', ['http://127.0.0.2', '', '']],
    ['backend', 'http://127.0.0.2', [PORTAL, 'http://127.0.0.2', '']],
    ['providers', 'http://[::1]', [PORTAL, '', 'https://a.example http://[::1]']],
  ] as const) {
    const read = readEntered(...(entered as [string, string, string]));
    assert.ok('problem' in read);
    assert.equal(read.field, field);
    const { problem } = read;
    assert.ok(problem.includes(`${address}: enter localhost or 127.0.0.1`));
  }
});

it('says of any other bad address what one looks like', () => {
  const read = readEntered('http://portal.example', '', '');
  assert.ok('problem' in read);
  assert.match(read.problem, /^This is no address of a Backstage/);
});
