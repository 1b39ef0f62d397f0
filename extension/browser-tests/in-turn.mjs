/**
 * Does all steps, one after the other, also those after one that fails: what a test has to put back does not hang on what else it has to.
 *
 * @param {(() => unknown)[]} steps
 * @throws what the first one threw that failed
 */
export async function inTurn(...steps) {
  /** @type {unknown[]} */
  const failures = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) {
    throw failures[0];
  }
}
