import { comparison, figureOf, withSpread } from './numbers.mjs';

/** @typedef {import('../rows/row.mjs').Row} Row */

/**
 * @param {Row} row
 * @returns {string} a table in Markdown: a line for each candidate, each figure with its spread
 */
export function tableOf(row) {
  const [ours = '', ...others] = row.samples.keys();
  const withRatio = others.length > 0 ? row.columns.filter(({ compared }) => compared) : [];
  const heads = ['', ...row.columns.map(({ heading }) => heading), ...withRatio.map(({ heading }) => `${ours} to it, ${heading}`), ...(row.notes ? ['held up by'] : [])];
  const lines = [...row.samples.keys()].map((candidate) => [
    candidate,
    ...row.columns.map(({ figure, digits }) => withSpread(figureOf(row, candidate, figure), digits)),
    ...withRatio.map(({ figure }) => (candidate === ours ? '' : withSpread(comparison(row, ours, candidate, figure), 2))),
    ...(row.notes ? [row.notes.get(candidate) ?? ''] : []),
  ]);
  const align = heads.map((_, at) => (at === 0 || (row.notes && at === heads.length - 1) ? '---' : '---:'));
  return [heads, align, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
