import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FLOORS } from './floors.mjs';
import { countsOf, failuresOf } from './outcome.mjs';
import { unjudged, verdicts } from './verdicts.mjs';

const PER_CPU = /** @type {const} */ ({ figure: 'perProcessorSecond', heading: 'requests a CPU second', digits: 0, compared: true, better: 'most' });
const TOKEN = 'GET /token, one plugin token';
const TOKEN_A_CALL = 'GET /token, a plugin token a call';
const OAUTH2_PROXY = 'oauth2-proxy /oauth2/auth, Redis';
const NGINX = 'nginx with an access log';
const PARTIAL = { ofAll: false };

/** @param {string} title @param {Record<string, number[]>} figures @returns {import('../rows/row.mjs').Row} */
function row(title, figures) {
  const samples = Object.entries(figures).map(([name, values]) => /** @type {const} */ ([name, values.map((value) => ({ perProcessorSecond: value }))]));
  return { title, about: '', columns: [PER_CPU], samples: new Map(samples) };
}

test('a floor that is not met is told with what it was, and one that holds holds', () => {
  const peers = (/** @type {number} */ ours) => row(TOKEN, { 'ours, Redis': [ours], [OAUTH2_PROXY]: [1000] });
  const [below, goal] = verdicts([peers(2400)]);
  assert.deepEqual([below?.was, below?.holds, below?.floor.kind], ['2.40', false, 'floor']);
  assert.deepEqual([goal?.was, goal?.holds, goal?.floor.kind], ['2.40', false, 'goal']);
  assert.equal(verdicts([peers(2600)])[0]?.holds, true);
});

test('no floor is judged by a row that has failed, or that has not run', () => {
  assert.deepEqual(verdicts([]), []);
  const samples = { 'ours, Redis': [1], [OAUTH2_PROXY]: [1000] };
  assert.deepEqual(verdicts([{ ...row(TOKEN, samples), failure: 'the load generator was the limit' }]), []);
});

test('a figure beside the floors is shown, whatever it is, and counts nowhere', () => {
  const rows = [row(TOKEN_A_CALL, { 'ours, Redis': [500], [OAUTH2_PROXY]: [1000] })];
  const found = verdicts(rows);
  assert.deepEqual(found.map(({ floor, was, holds }) => [floor.kind, was, holds]), [['beside', '0.50', undefined]]);
  assert.deepEqual(failuresOf(rows, found, []), []);
  assert.equal(countsOf(rows, found), '1 row, 0 floors hold, 0 of 0 goals met');
});

test('floors and goals are counted, and what has failed is told', () => {
  const rows = [row(TOKEN, { 'ours, Redis': [2600], [OAUTH2_PROXY]: [1000] }), { ...row('Reads', {}), failure: 'a wrong status' }];
  assert.equal(countsOf(rows, verdicts(rows)), '2 rows, 1 floors hold, 0 of 1 goals met');
  const [, ...slow] = verdicts([row(TOKEN, { 'ours, Redis': [1], [OAUTH2_PROXY]: [1] })]);
  const floor = /** @type {const} */ ({ text: 'reads', kind: 'floor' });
  assert.deepEqual(failuresOf(rows, [...slow, { floor, was: '0.50', holds: false }], ['one more']), ['Reads: a wrong status', 'floor: reads; it was 0.50', 'one more']);
});

test('the floor of the earlier binary is judged beside the one of BASELINE alone', () => {
  const rows = [row('Proxied read, 2 KB', { ours: [3900], 'ours before': [1000], [NGINX]: [5000] })];
  const ofBaseline = (/** @type {'BEFORE' | 'BASELINE' | undefined} */ variable) =>
    verdicts(rows, variable).filter(({ floor }) => floor.text.includes('four times')).map(({ was, holds }) => [was, holds]);
  assert.deepEqual(ofBaseline('BASELINE'), [['3.90', false]]);
  assert.deepEqual(ofBaseline('BEFORE'), []);
  const notSlower = (/** @type {'BEFORE' | 'BASELINE'} */ variable) => verdicts(rows, variable).filter(({ floor }) => floor.text.includes('no slower than before')).length;
  assert.deepEqual([notSlower('BEFORE'), notSlower('BASELINE')], [1, 1]);
  // Without it, the floor is not missing.
  assert.deepEqual(unjudged([row('Proxied read, 2 KB', { ours: [1], [NGINX]: [1] })], { variable: 'BEFORE', ...PARTIAL }), []);
});

test('a floor of which the row has run without its figure is told', () => {
  const renamed = row('Proxied read, 2 KB', { ours: [1], 'nginx, logging': [1] });
  assert.deepEqual(unjudged([renamed], PARTIAL), [
    'goal: proxied reads of 2 KB, half of nginx with its log a CPU second: its row "Proxied read, 2 KB" has run without its figure; '
    + 'name the candidates and figures as bench/report/floors.mjs does',
  ]);
  const [withoutBaseline = ''] = unjudged([row('Proxied read, 2 KB', { ours: [1], [NGINX]: [1] })], { variable: 'BASELINE', ...PARTIAL });
  assert.match(withoutBaseline, /^floor: proxied reads of 2 KB, four times/);
  assert.deepEqual(unjudged([{ ...renamed, failure: 'a wrong status' }], PARTIAL), []);
});

test('in a run of all rows a floor without a row is told, and with ROWS it is not', () => {
  const rows = [...new Set(FLOORS.map(({ row: title }) => title))].map((title) => ({ ...row(title, {}), failure: 'a wrong status' }));
  assert.deepEqual(unjudged(rows, { ofAll: true }), []);
  const others = rows.filter(({ title }) => title !== '5,000 watches');
  assert.deepEqual(unjudged(others, { ofAll: true }), [
    'goal: 5,000 watches over HTTP/2, at most 40 KiB each: there is no row "5,000 watches"; name it as bench/report/floors.mjs does',
  ]);
  assert.deepEqual(unjudged(others, PARTIAL), []);
});
