import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isSlower, notSlower } from './not-slower.mjs';

const PER_CPU = /** @type {const} */ ({ figure: 'perProcessorSecond', heading: 'requests a CPU second', digits: 0, better: 'most' });

/** @param {number[]} ours @param {number[]} before @returns {[string, boolean | undefined][]} */
function judged(ours, before) {
  const figures = (/** @type {number[]} */ values) => values.map((value) => ({ perProcessorSecond: value }));
  const samples = new Map([['ours', figures(ours)], ['ours before', figures(before)]]);
  return notSlower([{ title: 'Reads', about: '', columns: [PER_CPU], samples }]).map(({ was, holds }) => [was, holds]);
}

test('a row is slower than before by more than two processes of one binary are apart', () => {
  assert.deepEqual(judged([970, 972, 975], [1000, 1000, 1000]), [['0.97', false]]);
  assert.deepEqual(judged([981, 982, 983], [1000, 1000, 1000]), [['0.98', true]]);
  assert.deepEqual(judged([1100, 1200, 1300], [1000, 1000, 1000]), [['1.20', true]]);
});

test('it is so in all of three turns, and in three quarters of more', () => {
  assert.deepEqual(judged([900, 910, 985], [1000, 1000, 1000]), [['0.91', true]]);
  assert.deepEqual(judged([900, 910, 975], [1000, 1000, 1000]), [['0.91', false]]);
  const turns = (/** @type {number} */ worse) => Array.from({ length: 30 }, (_, turn) => (turn < worse ? 0.9 : 0.99));
  assert.deepEqual([isSlower(turns(22), 'most'), isSlower(turns(23), 'most')], [false, true]);
});

test('the spread of the turns hides nothing: what changes on the machine from turn to turn is in both', () => {
  assert.deepEqual(judged([1010, 510, 750], [1080, 560, 800]), [['0.94', false]]);
  assert.deepEqual(judged([1010, 510, 750], [1000, 520, 740]), [['1.01', true]]);
});

test('where less is better, more is slower', () => {
  assert.deepEqual([isSlower([1.1, 1.2, 1.3], 'least'), isSlower([0.8, 0.9, 0.7], 'least'), isSlower([1.01, 1.02, 1.01], 'least')], [true, false, false]);
});

test('figures without a ratio are no pass', () => {
  assert.deepEqual(judged([-1, 2, 3], [1, 1, 1]), [['no ratio', false]]);
});

test('requests a second are judged only where the server was the limit before', () => {
  const columns = [{ ...PER_CPU, figure: 'perSecond', heading: 'requests a second' }];
  const at = (/** @type {number} */ perSecond, /** @type {string} */ limit) => [{ perSecond, limit }];
  const limits = (/** @type {string} */ now, /** @type {string} */ before) =>
    notSlower([{ title: 'Reads', about: '', columns, samples: new Map([['ours', at(900, now)], ['ours before', at(1000, before)]]) }]).map(({ holds }) => holds);
  assert.deepEqual(limits('server', 'server'), [false]);
  assert.deepEqual(limits('other parts', 'server'), [false]);
  assert.deepEqual(limits('other parts', 'other parts'), []);
});
