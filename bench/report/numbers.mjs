import { ratiosOf, spreadOf } from '../measuring/statistics.mjs';

/** @typedef {import('../rows/row.mjs').Row} Row */

/**
 * @param {Row} row
 * @param {string} candidate
 * @param {string} figure
 * @returns {number[]} the figure of each turn; nothing where the candidate does not have it
 */
export function valuesOf({ samples }, candidate, figure) {
  return (samples.get(candidate) ?? []).map((sample) => sample[figure]).filter((value) => typeof value === 'number');
}

/**
 * @param {Row} row
 * @param {string} candidate
 * @param {string} figure
 * @returns {import('../measuring/statistics.mjs').Spread | undefined}
 */
export function figureOf(row, candidate, figure) {
  const values = valuesOf(row, candidate, figure);
  return values.length === 0 ? undefined : spreadOf(values);
}

/**
 * @param {Row} row
 * @param {string} candidate
 * @param {string} beside another one of the same row
 * @param {string} figure
 * @returns {number[]} candidate to beside, turn by turn; none where one of them lacks the figure, or where it is a difference that may be zero or less
 */
export function pairedRatios(row, candidate, beside, figure) {
  const [values, others] = [valuesOf(row, candidate, figure), valuesOf(row, beside, figure)];
  const comparable = values.length > 0 && others.length > 0 && [...values, ...others].every((value) => value > 0 && Number.isFinite(value));
  return comparable ? ratiosOf(values, others) : [];
}

/**
 * @param {Row} row
 * @param {string} candidate
 * @param {string} beside another one of the same row
 * @param {string} figure
 * @returns {import('../measuring/statistics.mjs').Spread | undefined} of their ratios
 */
export function comparison(row, candidate, beside, figure) {
  const ratios = pairedRatios(row, candidate, beside, figure);
  return ratios.length === 0 ? undefined : spreadOf(ratios);
}

/**
 * @param {number} value
 * @param {number} digits behind the point
 * @returns {string} with commas between the thousands
 */
export function written(value, digits) {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/**
 * @param {import('../measuring/statistics.mjs').Spread | undefined} spread
 * @param {number} digits
 * @returns {string} the median, and what it lies between
 */
export function withSpread(spread, digits) {
  if (!spread) {
    return '';
  }
  const { median, least, most } = spread;
  return `${written(median, digits)} (${written(least, digits)}–${written(most, digits)})`;
}
