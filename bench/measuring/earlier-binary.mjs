/** The commit of which BASELINE names the binary: the one before `GET /token` and proxied reads were made quick. */
export const BASELINE_COMMIT = '3f82417';

/**
 * @typedef {object} EarlierBinary one of ours that is measured beside the present one
 * @property {'BEFORE' | 'BASELINE'} variable BEFORE names any, BASELINE the one of BASELINE_COMMIT, which a floor is judged beside
 * @property {string} binary
 */

/**
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {EarlierBinary | undefined} nothing where none is named
 */
export function earlierBinary({ BEFORE: before, BASELINE: baseline } = process.env) {
  if (before && baseline) {
    throw new Error('BEFORE and BASELINE are both set: name one earlier binary, by one of them');
  }
  if (baseline) {
    return { variable: 'BASELINE', binary: baseline };
  }
  return before ? { variable: 'BEFORE', binary: before } : undefined;
}
