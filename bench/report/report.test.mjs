import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chartOf } from './chart.mjs';
import { verdicts } from './floors.mjs';
import { floorsOf, nameOf } from './page.mjs';
import { tableOf } from './table.mjs';

const PER_CPU = /** @type {const} */ ({ figure: 'perProcessorSecond', heading: 'requests a CPU second', digits: 0, compared: true, better: 'most' });
const TOKEN = 'GET /token, one plugin token';

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

test('a floor that is not met is told with what it was, and one that holds holds', () => {
  const peers = (/** @type {number} */ ours) => row(TOKEN, { 'ours, Redis': [ours], 'oauth2-proxy /oauth2/auth, Redis': [1000] });
  const [below, goal] = verdicts([peers(2400)]);
  assert.deepEqual([below?.was, below?.holds, below?.floor.kind], ['2.40', false, 'floor']);
  assert.deepEqual([goal?.was, goal?.holds, goal?.floor.kind], ['2.40', false, 'goal']);
  assert.equal(verdicts([peers(2600)])[0]?.holds, true);
});

test('no floor is judged by a row that has failed, or that has not run', () => {
  assert.deepEqual(verdicts([]), []);
  const samples = { 'ours, Redis': [1], 'oauth2-proxy /oauth2/auth, Redis': [1000] };
  assert.deepEqual(verdicts([{ ...row(TOKEN, samples), failure: 'the load generator was the limit' }]), []);
});

test('a row that is slower than before fails, but not within the spread', () => {
  const slower = row('Reads', { ours: [900, 910], 'ours before': [1000, 1000] });
  assert.deepEqual(verdicts([slower]).map(({ was, holds }) => [was, holds]), [['0.91', false]]);
  const alike = row('Reads', { ours: [900, 1010], 'ours before': [1000, 1000] });
  assert.deepEqual(verdicts([alike]).map(({ holds }) => holds), [true]);
  const processes = row('Reads', { ours: [981, 982], 'ours before': [1000, 1000] });
  assert.deepEqual(verdicts([processes]).map(({ was, holds }) => [was, holds]), [['0.98', true]]);
  const below = row('Reads', { ours: [970, 972], 'ours before': [1000, 1000] });
  assert.deepEqual(verdicts([below]).map(({ was, holds }) => [was, holds]), [['0.97', false]]);
  // What changes on the machine from turn to turn is in both.
  const together = row('Reads', { ours: [1010, 510], 'ours before': [1020, 500] });
  assert.deepEqual(verdicts([together]).map(({ holds }) => holds), [true]);
  const among = row('Reads', { ours: [980, 900, 950], 'ours before': [1000, 940, 990] });
  assert.deepEqual(verdicts([among]).map(({ was, holds }) => [was, holds]), [['0.96', true]]);
});

test('requests a second are judged only where the server was the limit before', () => {
  const columns = [{ ...PER_CPU, figure: 'perSecond', heading: 'requests a second' }];
  const at = (/** @type {number} */ perSecond, /** @type {string} */ limit) => [{ perSecond, limit }];
  const judged = (/** @type {string} */ now, /** @type {string} */ before) =>
    verdicts([{ ...row('Reads', {}), columns, samples: new Map([['ours', at(900, now)], ['ours before', at(1000, before)]]) }]).map(({ holds }) => holds);
  assert.deepEqual(judged('server', 'server'), [false]);
  assert.deepEqual(judged('other parts', 'server'), [false]);
  assert.deepEqual(judged('other parts', 'other parts'), []);
});

test('the page says what stands in the way of a goal, where it is not met', () => {
  const start = (/** @type {number} */ peakMib) => ({ ...row('Start to listening', {}), samples: new Map([['ours, login', [{ listeningMs: 1, peakMib }]]]) });
  assert.match(floorsOf(verdicts([start(9)])), /not met:\n\n- `login` takes 6 MiB at most until it listens: Its own memory/);
  assert.doesNotMatch(floorsOf(verdicts([start(5)])), /in the way/);
});
