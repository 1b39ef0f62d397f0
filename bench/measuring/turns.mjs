/**
 * @template S
 * @typedef {object} Candidate
 * @property {string} name
 * @property {() => Promise<S>} sample one turn
 */

/**
 * Measures the candidates in turn, A B C B C A, so that what changes on the machine meanwhile meets all of them, and none is always after the
 * same other one.
 *
 * @template S
 * @param {Candidate<S>[]} candidates
 * @param {number} turns
 * @param {'warm' | 'cold'} [begin] warm: one turn more is taken before, and is not in what is returned
 * @returns {Promise<Map<string, S[]>>} by name
 */
export async function inTurn(candidates, turns, begin = 'warm') {
  /** @type {Map<string, S[]>} */
  const samples = new Map(candidates.map(({ name }) => [name, []]));
  for (let turn = begin === 'warm' ? 0 : 1; turn <= turns; turn += 1) {
    const first = turn % candidates.length;
    for (const { name, sample } of [...candidates.slice(first), ...candidates.slice(0, first)]) {
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
