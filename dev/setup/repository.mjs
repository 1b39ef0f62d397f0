import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's folder. */
export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/**
 * A place in the checkout.
 *
 * @param {string[]} parts
 */
export function inRepository(...parts) {
  return join(REPOSITORY, ...parts);
}
