import assert from 'node:assert/strict';
import { test } from 'node:test';

import { limitOf, wrongAnswers } from './verdict.mjs';

const REPORT = {
  requests: 1000, microseconds: 1e6, bytes: 500_000, wrongStatus: 0, broken: 0, timeouts: 0, median: 1, slowest: 2, processor: 0.5,
};

test('a server that fills its processor is what the figures are of, however busy the load is', () => {
  assert.equal(limitOf({ serverShare: 0.97, loadShare: 0.99 }), 'server');
});

test('a load generator that fills its processor before an idle server fails the row', () => {
  assert.throws(() => limitOf({ serverShare: 0.6, loadShare: 0.95 }), /the load generator was the limit: it used 95 % of its processor, the server 60 %/);
});

test('where neither is busy, others are the limit', () => {
  assert.equal(limitOf({ serverShare: 0.4, loadShare: 0.5 }), 'other parts');
});

test('right answers are nothing to tell of', () => {
  assert.equal(wrongAnswers(REPORT, [500, 500], 10), undefined);
  assert.equal(wrongAnswers({ ...REPORT, bytes: 504_000 }, [500, 500], 10), undefined);
});

test('answers that the end has cut short are bytes of no request', () => {
  assert.equal(wrongAnswers({ ...REPORT, requests: 4, bytes: 3_500 }, [500], 4), undefined);
  assert.match(wrongAnswers({ ...REPORT, requests: 4, bytes: 4_500 }, [500], 4) ?? '', /1125 each/);
});

test('an answer of another status, a connection that broke, a timeout, another length and too few requests are told', () => {
  assert.match(wrongAnswers({ ...REPORT, wrongStatus: 1 }, [500], 10) ?? '', /1 had a wrong status/);
  assert.match(wrongAnswers({ ...REPORT, broken: 2 }, [500], 10) ?? '', /2 connections broke/);
  assert.match(wrongAnswers({ ...REPORT, timeouts: 3 }, [500], 10) ?? '', /3 timed out/);
  assert.match(wrongAnswers({ ...REPORT, bytes: 300_000 }, [500], 10) ?? '', /300 each; 500 are right/);
  assert.match(wrongAnswers({ ...REPORT, microseconds: 250_000 }, [500], 10) ?? '', /too few requests prepared: 1000 were answered within 250 ms/);
  assert.match(wrongAnswers({ ...REPORT, requests: 0 }, [500], 10) ?? '', /nothing/);
});
