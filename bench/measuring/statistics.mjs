/**
 * @typedef {object} Spread
 * @property {number} median
 * @property {number} least
 * @property {number} most
 */

/**
 * @param {number[]} values at least one
 * @returns {Spread}
 */
export function spreadOf(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const [least, most] = [sorted.at(0), sorted.at(-1)];
  if (least === undefined || most === undefined) {
    throw new Error('there is no median of nothing');
  }
  const half = Math.floor(sorted.length / 2);
  const [below = least, above = least] = sorted.length % 2 === 1 ? [sorted[half], sorted[half]] : [sorted[half - 1], sorted[half]];
  return { median: (below + above) / 2, least, most };
}

/** @param {number[]} values at least one @returns {number} */
export function meanOf(values) {
  if (values.length === 0) {
    throw new Error('there is no mean of nothing');
  }
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The ratio of two candidates, turn by turn: what a turn had in common, such as a machine that was slower then, is in neither.
 *
 * @param {number[]} values
 * @param {number[]} beside of the same turns
 * @returns {number[]}
 */
export function ratiosOf(values, beside) {
  if (values.length !== beside.length) {
    throw new Error(`${values.length} turns cannot be compared with ${beside.length}`);
  }
  return values.map((value, turn) => value / (beside[turn] ?? Number.NaN));
}
