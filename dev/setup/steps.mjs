/** Prints one line for each step: a tick and its time. */

const WIDTH = 12;

/** A step that failed; the message names the step first. */
export class StepFailed extends Error {}

/**
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 * @throws {StepFailed}
 */
export async function step(name, work) {
  const began = performance.now();
  try {
    const result = await work();
    process.stdout.write(`✓ ${name.padEnd(WIDTH)} ${duration(performance.now() - began)}\n`);
    return result;
  } catch (cause) {
    process.stdout.write(`✗ ${name.padEnd(WIDTH)} ${duration(performance.now() - began)}\n`);
    throw new StepFailed(`${name}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/**
 * @param {number} milliseconds
 * @returns {string}
 */
export function duration(milliseconds) {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** @param {string} line */
export function say(line) {
  process.stdout.write(`${line}\n`);
}
