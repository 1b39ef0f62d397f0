/** How each runner writes down a test that failed, which may be long before the end of its output. */
const FAILURES = {
  // A subtest is told again by the test around it: those say only how many failed.
  node: /^ *not ok .*\n(?: +---\n(?:(?! +---\n)[^]*?)\n +\.\.\.\n)?/gm,
  jest: /^ {2}● (?!Console).*\n(?:(?! {2}● |PASS |FAIL |Test Suites: ).*\n)*/gm,
};

/**
 * @param {string} runner
 * @param {string} output
 * @returns {string[]} what a runner says of each test that failed; none of a runner whose end says it all
 */
export function failuresIn(runner, output) {
  const pattern = Object.entries(FAILURES).find(([name]) => name === runner)?.[1];
  const found = pattern ? (output.match(pattern) ?? []) : [];
  return found.filter((text) => !/subtests? failed/.test(text)).map((text) => text.trimEnd());
}
