/**
 * @typedef {object} Outcome what cargo-mutants writes into `outcomes.json`, as far as it is read here
 * @property {number} caught
 * @property {number} missed
 * @property {number} timeout mutants that did not come to an end, which is noticed as well
 * @property {number} unviable mutants that do not compile
 * @property {{ scenario: 'Baseline' | { Mutant: { name: string } }, summary: string }[]} outcomes
 */

/**
 * @param {Outcome} outcome
 * @returns {string[]} the mutants that no test has noticed
 */
export function survivors({ outcomes }) {
  return outcomes.flatMap(({ scenario, summary }) => {
    return summary === 'MissedMutant' && scenario !== 'Baseline' ? [scenario.Mutant.name] : [];
  });
}

/**
 * @param {Outcome} outcome
 * @returns {string} the last line of `make mutations`
 */
export function lastLine(outcome) {
  const { caught, missed, timeout, unviable } = outcome;
  if (caught + timeout === 0) {
    return 'mutations: failed (no mutant was tested)';
  }
  return missed === 0
    ? `mutations: ok (${caught + timeout} caught, ${unviable} unviable)`
    : `mutations: failed (${missed} survived: ${survivors(outcome).join('; ')})`;
}
