/** A server that is so busy is what the figures are of; a load generator that is may be. */
const BUSY = 0.9;

/** A turn that ends with its list is as long at least: processor time is counted in hundredths of a second. */
const SHORTEST_MICROSECONDS = 300_000;

/** How far the mean length may be from the checked answers': a header with the time, or a request that was cut at the end. */
const LENGTH_TOLERANCE = 0.02;

/** @param {number} share of a processor */
export function isBusy(share) {
  return share >= BUSY;
}

/**
 * @param {{serverShare: number, loadShare: number}} shares of a processor each
 * @returns {'server' | 'other parts'} what held a turn up
 * @throws when it was the load generator
 */
export function limitOf({ serverShare, loadShare }) {
  if (isBusy(serverShare)) {
    return 'server';
  }
  if (isBusy(loadShare)) {
    const percent = (/** @type {number} */ share) => `${Math.round(share * 100)} %`;
    throw new Error(`the load generator was the limit: it used ${percent(loadShare)} of its processor, the server ${percent(serverShare)}`);
  }
  return 'other parts';
}

/**
 * @param {import('./wrk.mjs').Report} report
 * @param {number[]} lengths of the answers that were checked, heads included
 * @param {number} connections each may have been in the middle of an answer at the end, and the bytes of that count
 * @returns {string | undefined} what was wrong with the answers under load
 */
export function wrongAnswers({ requests, microseconds, bytes, wrongStatus, broken, timeouts }, lengths, connections) {
  if (requests === 0) {
    return 'nothing was answered';
  }
  if (microseconds < SHORTEST_MICROSECONDS) {
    return `there were too few requests prepared: ${requests} were answered within ${Math.round(microseconds / 1000)} ms`;
  }
  if (wrongStatus + broken + timeouts > 0) {
    return `of ${requests} answers ${wrongStatus} had a wrong status, ${broken} connections broke, ${timeouts} timed out`;
  }
  const [shortest, longest] = [Math.min(...lengths), Math.max(...lengths)];
  const right = bytes >= requests * shortest * (1 - LENGTH_TOLERANCE) && bytes <= (requests + connections) * longest * (1 + LENGTH_TOLERANCE);
  return right ? undefined : `${requests} answers had ${bytes} bytes, ${Math.round(bytes / requests)} each; ${lengths.join(' and ')} are right`;
}
