import { figureOf, written } from './numbers.mjs';

/** @typedef {import('../rows/row.mjs').Row} Row */

const [WIDTH, LABEL, VALUE, LINE, TOP] = [720, 230, 90, 26, 34];
const BAR = 14;

/**
 * @param {Row} row
 * @param {import('../rows/row.mjs').Column} column
 * @returns {string} an SVG: a bar for each candidate's median, a line through it for its spread
 */
export function chartOf(row, { figure, heading, digits }) {
  const bars = [...row.samples.keys()].flatMap((name) => {
    const spread = figureOf(row, name, figure);
    return spread ? [{ name, spread }] : [];
  });
  const most = Math.max(...bars.map(({ spread }) => spread.most));
  const x = (/** @type {number} */ value) => LABEL + (value / most) * (WIDTH - LABEL - VALUE);
  const drawn = bars.map(({ name, spread: { median, least, most: high } }, at) => {
    const y = TOP + at * LINE;
    const middle = y + BAR / 2;
    return `<text x="${LABEL - 8}" y="${y + 11}" text-anchor="end">${escaped(name)}</text>`
      + `<rect x="${LABEL}" y="${y}" width="${(x(median) - LABEL).toFixed(1)}" height="${BAR}" fill="${name.startsWith('ours') ? '#2563eb' : '#94a3b8'}"/>`
      + `<path d="M${x(least).toFixed(1)} ${middle}H${x(high).toFixed(1)}" stroke="#0f172a" stroke-width="2"/>`
      + `<text x="${(x(high) + 6).toFixed(1)}" y="${y + 11}">${written(median, digits)}</text>`;
  });
  const height = TOP + bars.length * LINE;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="8" y="20" font-size="14">${escaped(`${row.title}: ${heading}`)}</text>
${drawn.join('\n')}
</svg>
`;
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
