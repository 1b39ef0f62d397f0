import { setTimeout as later } from 'node:timers/promises';

/** Longer than any step in a browser takes, also on a busy machine. */
export const PATIENCE_MS = 60_000;

/** Neither driver tells of the extension's own pages in Firefox, nor of the background's work: they are asked until they answer. */
const PAUSE_MS = 50;

/** What is waited for cannot come any more. */
export class Gone extends Error {}

/**
 * Waits until something holds. What throws meanwhile does not hold yet: a page that is just being replaced answers nothing.
 *
 * @template T
 * @param {string} what for the error
 * @param {() => Promise<T | undefined | null | false> | T | undefined | null | false} check
 * @returns {Promise<T>} what it returned
 * @throws when it takes too long, with what the last try threw
 */
export async function until(what, check) {
  const deadline = performance.now() + PATIENCE_MS;
  let last = '';
  while (performance.now() < deadline) {
    try {
      const result = await inTime(check, deadline - performance.now());
      if (result !== undefined && result !== null && result !== false) {
        return result;
      }
      last = '';
    } catch (error) {
      if (error instanceof Gone) {
        throw error;
      }
      last = ` (${error instanceof Error ? error.message.split('\n')[0] : error})`;
    }
    await later(PAUSE_MS);
  }
  throw new Error(`Waited in vain until ${what}${last}.`);
}

/**
 * Limits what a driver waits for: a page that is stuck answers never.
 *
 * @template T
 * @param {() => Promise<T> | T} check
 * @param {number} [patience] milliseconds
 * @returns {Promise<T>}
 * @throws when it takes longer, with the driver's calls that have no answer
 */
export async function inTime(check, patience = PATIENCE_MS) {
  const ended = new AbortController();
  try {
    const late = later(Math.max(patience, 0), undefined, { signal: ended.signal });
    return await Promise.race([check(), late.then(async () => Promise.reject(new Error(`no answer at all${await unansweredNow()}`)))]);
  } finally {
    ended.abort();
  }
}

/** @typedef {{what: string, since: number, facts: () => Promise<string>}} Call of a driver */

/** The calls of drivers that have no answer yet. @type {Set<Call>} */
const unanswered = new Set();

/** A browser that is stuck may not even say how it is. */
const FACTS_MS = 5_000;

/**
 * The same for one call of a driver, which is named where there is no answer: also by what waits for more than this call.
 *
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} ask
 * @param {() => Promise<string>} facts how the browser is
 * @param {number} [patience] milliseconds
 * @returns {Promise<T>}
 */
export async function answerTo(what, ask, facts, patience = PATIENCE_MS) {
  const call = { what, since: performance.now(), facts };
  unanswered.add(call);
  try {
    return await inTime(ask, patience);
  } finally {
    unanswered.delete(call);
  }
}

/** @returns {Promise<string>} the calls without an answer, on one line */
async function unansweredNow() {
  const all = await Promise.all([...unanswered].map(async ({ what, since, facts }) => {
    const seconds = Math.round((performance.now() - since) / 1000);
    const silent = later(FACTS_MS, 'it does not say how it is', { ref: false });
    return `${what}, asked for ${seconds} s ago: ${await Promise.race([facts().catch(String), silent])}`;
  }));
  return all.map((one) => `; ${one.replaceAll(/\s+/g, ' ')}`).join('');
}
