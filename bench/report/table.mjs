import { comparison, figureOf, withSpread } from './numbers.mjs';

/** @typedef {import('../rows/row.mjs').Row} Row */

/**
 * @param {Row} row
 * @returns {string} a table in Markdown: a line for each candidate, each figure with its spread
 */
export function tableOf(row) {
  const names = [...row.samples.keys()];
  const beside = row.beside ?? names[0] ?? '';
  const compared = names.some((name) => besideOf(name, beside)) ? row.columns.filter((column) => column.compared) : [];
  const heads = ['', ...row.columns.map(({ heading }) => heading), ...compared.map(({ heading }) => `ours to it, ${heading}`), ...(row.notes ? ['held up by'] : [])];
  const lines = names.map((name) => [
    name,
    ...row.columns.map(({ figure, digits }) => withSpread(figureOf(row, name, figure), digits)),
    ...compared.map(({ figure }) => {
      const ours = besideOf(name, beside);
      return ours ? withSpread(comparison(row, ours, name, figure), 2) : '';
    }),
    ...(row.notes ? [row.notes.get(name) ?? ''] : []),
  ]);
  const align = heads.map((_, at) => (at === 0 || (row.notes && at === heads.length - 1) ? '---' : '---:'));
  return [heads, align, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/**
 * @param {string} name
 * @param {string} beside
 * @returns {string | undefined} which of ours is compared with it: an earlier binary with the same of now, another program with one of ours
 */
function besideOf(name, beside) {
  if (name.startsWith('ours before')) {
    return name.replace('ours before', 'ours');
  }
  return name.startsWith('ours') ? undefined : beside;
}
