import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lastLine } from './outcome.mjs';

/** @param {Partial<import('./outcome.mjs').Outcome>} some */
const outcome = (some) => ({ caught: 0, missed: 0, timeout: 0, unviable: 0, outcomes: [], ...some });

/**
 * @param {string} name
 * @param {string} summary
 */
const mutant = (name, summary) => ({ scenario: { Mutant: { name } }, summary });

test('a run in which every mutant is noticed is a good one', () => {
  assert.equal(lastLine(outcome({ caught: 40, timeout: 2, unviable: 17 })), 'mutations: ok (42 caught, 17 unviable)');
});

test('a mutant that no test notices is named', () => {
  const outcomes = [
    { scenario: /** @type {const} */ ('Baseline'), summary: 'Success' },
    mutant('replace > with >=', 'MissedMutant'),
    mutant('replace + with -', 'CaughtMutant'),
  ];
  assert.equal(lastLine(outcome({ caught: 1, missed: 1, outcomes })), 'mutations: failed (1 survived: replace > with >=)');
});

test('a run without mutants has shown nothing', () => {
  assert.equal(lastLine(outcome({ unviable: 3 })), 'mutations: failed (no mutant was tested)');
});
