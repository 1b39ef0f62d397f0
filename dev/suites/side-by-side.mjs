/**
 * Runs a few at a time.
 *
 * @template {{name: string, uses?: string}} T
 * @template R
 * @param {T[]} all begun in this order, except that of those with the same `uses` only one runs at a time
 * @param {number} most how many run at a time
 * @param {(one: T) => Promise<R>} run
 * @returns {Promise<R[]>} in the order in which they ended
 */
export async function sideBySide(all, most, run) {
  const waiting = [...all];
  /** @type {Set<string>} */
  const used = new Set();
  /** @type {R[]} */
  const results = [];
  const work = async () => {
    for (let one; (one = takeNext(waiting, used)); ) {
      const { uses } = one;
      if (uses !== undefined) {
        used.add(uses);
      }
      results.push(await run(one));
      if (uses !== undefined) {
        used.delete(uses);
      }
    }
  };
  // A worker that finds nothing to begin ends: what still waits uses the same as what another worker runs, which goes on with it.
  await Promise.all(Array.from({ length: most }, work));
  return results;
}

/**
 * @template {{name: string, uses?: string}} T
 * @param {T[]} waiting
 * @param {Set<string>} used
 * @returns {T | undefined}
 */
function takeNext(waiting, used) {
  const at = waiting.findIndex(({ uses }) => uses === undefined || !used.has(uses));
  return at < 0 ? undefined : waiting.splice(at, 1)[0];
}
