/** @returns {import('./row.mjs').Scale} shorter ones are for trying the rows, not for a page that is kept */
export function scaleOf() {
  return { turns: Number(process.env['TURNS'] ?? 5), seconds: Number(process.env['SECONDS'] ?? 2) };
}
