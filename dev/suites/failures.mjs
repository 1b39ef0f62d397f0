/** How each runner reports a test that failed, which may be long before the end of its output. */
const FAILURES = {
  cargo: [/^---- .* (?:stdout|stderr) ----\n(?:(?!---- |failures:\n|test result: ).*\n?)*/gm],
  node: [
    // TAP. A subtest is reported again by the test around it, which says only how many failed.
    /^ *not ok .*\n(?: +---\n(?:(?! +---\n)[^]*?)\n +\.\.\.\n)?/gm,
    // The reporter for people, which reports all failed tests at its end.
    /^test at .*\n✖ .*\n(?: .*\n|\n)*/gm,
  ],
  jest: [/^ {2}● (?!Console).*\n(?:(?! {2}● |PASS |FAIL |Test Suites: ).*\n)*/gm],
};

/** How much of a failed suite is shown; the rest is in its log. */
const MOST_FAILURES = 10;
const MOST_LINES = 60;

/**
 * @param {string} runner
 * @param {string} output
 * @returns {string[]} what a runner says of each test that failed
 */
export function failuresIn(runner, output) {
  const patterns = Object.entries(FAILURES).find(([name]) => name === runner)?.[1] ?? [];
  const found = patterns.flatMap((pattern) => output.match(pattern) ?? []);
  return found.filter((text) => !/subtests? failed/.test(text)).map((text) => text.trimEnd());
}

/**
 * @param {string} runner
 * @param {string} output of a suite that failed
 * @returns {string} what to show of it: its failed tests, else the end of its output, such as the errors of a compiler
 */
export function excerpt(runner, output) {
  const failures = failuresIn(runner, output);
  if (failures.length === 0) {
    return output.trimEnd().split('\n').slice(-MOST_LINES).join('\n');
  }
  const shown = failures.slice(0, MOST_FAILURES).map(beginningOf);
  const left = failures.length - shown.length;
  return [...shown, ...(left > 0 ? [`… and ${left} more`] : [])].join('\n\n');
}

/** @param {string} text */
function beginningOf(text) {
  const lines = text.split('\n');
  return lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES), '…'].join('\n') : text;
}
