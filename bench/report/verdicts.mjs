import { FLOORS } from './floors.mjs';
import { notSlower } from './not-slower.mjs';
import { written } from './numbers.mjs';

/** @typedef {import('../rows/row.mjs').Row} Row */
/** @typedef {import('./floors.mjs').Floor} Floor */
/** @typedef {import('../measuring/earlier-binary.mjs').EarlierBinary['variable']} Variable */

/**
 * @typedef {object} Verdict
 * @property {Pick<Floor, 'text' | 'kind' | 'inTheWay'>} floor
 * @property {string} was
 * @property {boolean | undefined} holds undefined where nothing judges it
 */

/**
 * @param {Row[]} rows
 * @param {Variable} [variable] which names the earlier binary
 * @returns {Verdict[]} of the floors and goals of the rows that have run
 */
export function verdicts(rows, variable) {
  const fixed = applicable(variable).flatMap((floor) => {
    const spread = rowOf(floor, rows)?.measured;
    return spread ? [{ floor, was: written(spread.median, floor.digits), holds: isWithin(spread.median, floor.bound) }] : [];
  });
  return [...fixed, ...notSlower(rows)];
}

/**
 * A floor that is not judged would look like one that holds: where its row has run it must have a figure, and in a run of all rows it must have its row.
 *
 * @param {Row[]} rows
 * @param {{variable?: Variable | undefined, ofAll: boolean}} run the variable that names the earlier binary, and whether all rows were to run
 * @returns {string[]} a sentence for each that is not judged
 */
export function unjudged(rows, { variable, ofAll }) {
  return applicable(variable).flatMap((floor) => {
    const found = rowOf(floor, rows);
    if (found && !found.measured) {
      return [`${floor.kind}: ${floor.text}: its row "${floor.row}" has run without its figure; name the candidates and figures as bench/report/floors.mjs does`];
    }
    const isThere = rows.some(({ title }) => title === floor.row);
    return ofAll && !isThere ? [`${floor.kind}: ${floor.text}: there is no row "${floor.row}"; name it as bench/report/floors.mjs does`] : [];
  });
}

/** @param {Variable} [variable] @returns {Floor[]} those that mean something beside this earlier binary, or without one */
function applicable(variable) {
  return FLOORS.filter(({ ofBaseline }) => !ofBaseline || variable === 'BASELINE');
}

/** @param {Floor} floor @param {Row[]} rows @returns {{measured: import('./floors.mjs').Spread | undefined} | undefined} nothing where its row has not run, or has failed */
function rowOf({ row, measured }, rows) {
  const found = rows.find(({ title, failure }) => title === row && !failure);
  return found && { measured: measured(found) };
}

/** @param {number} median @param {Floor['bound']} bound @returns {boolean | undefined} */
function isWithin(median, bound) {
  if (!bound) {
    return undefined;
  }
  return 'least' in bound ? median >= bound.least : median <= bound.most;
}
