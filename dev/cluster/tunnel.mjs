/** @typedef {import('node:net').Socket} Socket */

/** How long a connection may go on sending when the other one is closed, in milliseconds. */
const LINGER_MS = 30_000;

/**
 * Passes all bytes between two connections, both made to stay half open, until both have ended.
 *
 * @param {Socket} one
 * @param {Socket} other
 */
export function tunnel(one, other) {
  one.pipe(other).pipe(one);
  for (const [ended, left] of /** @type {const} */ ([[one, other], [other, one]])) {
    ended.on('error', () => {}).once('close', () => {
      // Closed while there is something to read, a socket resets its connection, and its peer loses what it has not read yet.
      left.end();
      left.resume();
      left.setTimeout(LINGER_MS, () => left.destroy());
    });
  }
}
