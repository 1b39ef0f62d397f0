/**
 * @template S
 * @typedef {object} Candidate
 * @property {string} name
 * @property {() => Promise<S>} sample one turn
 */

/**
 * Measures the candidates in turn, A B C A B C, so that what changes on the machine meanwhile meets all of them.
 *
 * @template S
 * @param {Candidate<S>[]} candidates
 * @param {number} turns
 * @param {'warm' | 'cold'} [first] warm: one turn more is taken before, and is not in what is returned
 * @returns {Promise<Map<string, S[]>>} by name
 */
export async function inTurn(candidates, turns, first = 'warm') {
  /** @type {Map<string, S[]>} */
  const samples = new Map(candidates.map(({ name }) => [name, []]));
  for (let turn = first === 'warm' ? 0 : 1; turn <= turns; turn += 1) {
    for (const { name, sample } of candidates) {
      const taken = await sample().catch((/** @type {unknown} */ cause) => {
        throw new Error(`${name}: ${cause instanceof Error ? cause.message : cause}`, { cause });
      });
      if (turn > 0) {
        samples.get(name)?.push(taken);
      }
    }
  }
  return samples;
}
