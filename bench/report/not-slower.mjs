import { spreadOf } from '../measuring/statistics.mjs';
import { pairedRatios, written } from './numbers.mjs';

/** @typedef {import('../rows/row.mjs').Row} Row */

/** How far two processes of one binary were apart over all turns of a row (BEFORE=ours, 29 November 2026): a process stays as it has happened to start. */
const ALIKE = 0.02;

/** The share of turns that have to be worse by more than that: all of three. */
const MOST_TURNS = 3 / 4;

/**
 * @param {Row} row
 * @param {string} name
 * @param {string} figure
 * @returns {boolean} whether it says how quick others were, which the server waited for
 */
function isOfOthers(row, name, figure) {
  return figure === 'perSecond' && (row.samples.get(name) ?? []).some(({ limit }) => limit === 'other parts');
}

/**
 * Whether a program is slower than before, by the ratios of its turns to the earlier binary's: most turns are worse by more than two processes
 * of one binary are apart. Where nothing has changed and turns differ by 2 % (one standard deviation), three turns are so once in 250; where
 * they differ by 5 %, once in 25, and four of five once in 20. Callbacks and the tab differ by more, and have more turns.
 *
 * @param {number[]} ratios
 * @param {'most' | 'least'} better
 */
export function isSlower(ratios, better) {
  const slower = ratios.filter((ratio) => (better === 'least' ? ratio - 1 : 1 - ratio) > ALIKE);
  return slower.length >= MOST_TURNS * ratios.length;
}

/**
 * No row may be slower than before, where an earlier binary was measured.
 *
 * @param {Row[]} rows
 * @returns {import('./verdicts.mjs').Verdict[]}
 */
export function notSlower(rows) {
  return rows.flatMap((row) => [...row.samples.keys()].filter((name) => name.startsWith('ours before')).flatMap((before) => {
    const now = before.replace('ours before', 'ours');
    return row.columns.flatMap(({ figure, better, heading }) => {
      // A server that has begun to wait is slower, although the limit is then elsewhere.
      if (!better || isOfOthers(row, before, figure)) {
        return [];
      }
      const floor = /** @type {const} */ ({ text: `${row.title}: ${now} no slower than before (${heading})`, kind: 'floor' });
      const ratios = pairedRatios(row, now, before, figure);
      if (ratios.length === 0) {
        return [{ floor, was: 'no ratio', holds: false }];
      }
      return [{ floor, was: written(spreadOf(ratios).median, 2), holds: !isSlower(ratios, better) }];
    });
  }));
}
