import { spreadOf } from '../measuring/statistics.mjs';
import { pairedRatios, written } from './numbers.mjs';

/** @typedef {import('../rows/row.mjs').Row} Row */

/** How far two processes of one binary were apart over all turns of a row (BEFORE=ours, 29 November 2026): a process stays as it has happened to start. */
const ALIKE = 0.02;

/** The share of turns that have to be worse: all of three. */
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
 * Whether a program is slower than before, by the ratios of its turns to the earlier binary's: the median is worse by more than two processes
 * of one binary are apart, and so are most turns. Where nothing has changed and turns differ by more than that, three turns are all worse once in
 * eight, four of five once in five, 23 of 30 once in 400.
 *
 * @param {number[]} ratios
 * @param {'most' | 'least'} better
 */
export function isSlower(ratios, better) {
  const worse = ratios.map((ratio) => (better === 'least' ? ratio - 1 : 1 - ratio));
  return spreadOf(worse).median > ALIKE && worse.filter((by) => by > 0).length >= MOST_TURNS * worse.length;
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
