/** @typedef {import('../rows/row.mjs').Row} Row */
/** @typedef {import('./verdicts.mjs').Verdict} Verdict */

/**
 * @param {Row[]} rows
 * @param {Verdict[]} found
 * @param {string[]} unjudged
 * @returns {string[]} why a run has failed
 */
export function failuresOf(rows, found, unjudged) {
  const rowsFailed = rows.flatMap(({ title, failure }) => (failure ? [`${title}: ${failure}`] : []));
  const floors = found.filter(({ floor, holds }) => floor.kind === 'floor' && !holds);
  return [...rowsFailed, ...floors.map(({ floor, was }) => `floor: ${floor.text}; it was ${was}`), ...unjudged];
}

/**
 * @param {Row[]} rows
 * @param {Verdict[]} found of a run that has not failed: all floors hold
 * @returns {string} how much was measured and judged
 */
export function countsOf(rows, found) {
  const of = (/** @type {Verdict['floor']['kind']} */ kind) => found.filter(({ floor }) => floor.kind === kind);
  const goals = of('goal');
  return `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}, ${of('floor').length} floors hold, ${goals.filter(({ holds }) => holds).length} of ${goals.length} goals met`;
}
