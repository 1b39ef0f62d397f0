import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chartOf } from './chart.mjs';
import { comparison } from './numbers.mjs';
import { floorsOf, nameOf } from './page.mjs';
import { tableOf } from './table.mjs';
import { verdicts } from './verdicts.mjs';

const PER_CPU = /** @type {const} */ ({ figure: 'perProcessorSecond', heading: 'requests a CPU second', digits: 0, compared: true, better: 'most' });

/** @param {string} title @param {Record<string, number[]>} figures @returns {import('../rows/row.mjs').Row} */
function row(title, figures) {
  const samples = Object.entries(figures).map(([name, values]) => /** @type {const} */ ([name, values.map((value) => ({ perProcessorSecond: value }))]));
  return { title, about: '', columns: [PER_CPU], samples: new Map(samples) };
}

test('a table has a line for each candidate, with its spread and the ratio of ours to it', () => {
  const table = tableOf(row('Reads', { ours: [2000, 1000, 3000], nginx: [1000, 1000, 1000] }));
  assert.equal(table, `|  | requests a CPU second | ours to it, requests a CPU second |
| --- | ---: | ---: |
| ours | 2,000 (1,000–3,000) |  |
| nginx | 1,000 (1,000–1,000) | 2.00 (1.00–3.00) |`);
});

test('an earlier binary is compared with the same of now, others with the one that is named', () => {
  const all = { 'ours, in process': [4], 'ours, Redis': [2], 'ours before, in process': [1], nginx: [1] };
  const ratios = tableOf({ ...row('Reads', all), beside: 'ours, Redis' }).split('\n').slice(2).map((line) => line.split(' | ').at(-1));
  assert.deepEqual(ratios, [' |', ' |', '4.00 (4.00–4.00) |', '2.00 (2.00–2.00) |']);
});

test('a chart has a bar for each candidate, and no text that breaks it', () => {
  const chart = chartOf(row('a < b', { ours: [1], 'A & B': [2] }), PER_CPU);
  assert.equal(chart.match(/<rect x=/g)?.length, 2);
  assert.ok(chart.includes('a &lt; b') && chart.includes('A &amp; B') && !chart.includes('a < b'));
  assert.equal(nameOf('GET /token, one plugin token'), 'get-token-one-plugin-token');
});

test('figures that may be zero or less have no ratio', () => {
  for (const figures of [[2, -1, 3], [2, 0, 3]]) {
    assert.equal(comparison(row('Reads', { ours: figures, nginx: [1, 1, 1] }), 'ours', 'nginx', 'perProcessorSecond'), undefined);
    assert.equal(comparison(row('Reads', { ours: [1, 1, 1], nginx: figures }), 'ours', 'nginx', 'perProcessorSecond'), undefined);
  }
  assert.match(tableOf(row('Reads', { ours: [2, -1, 3], nginx: [1, 1, 1] })), /\| nginx \| 1 \(1–1\) \|  \|$/);
});

test('the page says what stands in the way of a goal, where it is not met', () => {
  const start = (/** @type {number} */ peakMib) => ({ ...row('Start to listening', {}), samples: new Map([['ours, login', [{ listeningMs: 1, peakMib }]]]) });
  assert.match(floorsOf(verdicts([start(9)])), /not met:\n\n- `login` takes 6 MiB at most until it listens: Its own memory/);
  assert.doesNotMatch(floorsOf(verdicts([start(5)])), /in the way/);
});

test('a figure beside the floors is neither met nor missed', () => {
  const floor = /** @type {const} */ ({ text: 'reads, beside nginx', kind: 'beside', inTheWay: 'nothing' });
  const page = floorsOf([{ floor, was: '0.50', holds: undefined }]);
  assert.ok(page.includes('| reads, beside nginx | beside | 0.50 | — |') && !page.includes('in the way'), page);
});
