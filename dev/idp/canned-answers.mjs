/** The endpoints that can be made to misbehave. */
export const CANNED_ENDPOINTS = /** @type {const} */ (['token', 'revocation', 'jwks', 'discovery']);

/** @typedef {typeof CANNED_ENDPOINTS[number]} CannedEndpoint */

/**
 * @typedef {object} CannedAnswer
 * @property {CannedEndpoint} endpoint
 * @property {string | undefined} clientId only requests of this public client get it; none: those of every client
 * @property {number} times how many requests get it
 * @property {number} delayMs the answer comes that much later
 * @property {number | undefined} status none: the real answer, only late
 * @property {string} body
 * @property {string} contentType
 * @property {string | undefined} retryAfter
 */

/** Answers that replace the identity provider's own, in the order they were asked for. */
export class CannedAnswers {
  /** @type {CannedAnswer[]} */
  #waiting = [];

  /** @param {CannedAnswer} answer */
  add(answer) {
    this.#waiting.push({ ...answer });
  }

  /**
   * @param {string} endpoint
   * @param {string | null} clientId as the request's parameters name it
   * @returns {CannedAnswer | undefined} what the request that asks has to get
   */
  take(endpoint, clientId) {
    const answer = this.#waiting.find((waiting) => {
      return waiting.endpoint === endpoint && (waiting.clientId === undefined || waiting.clientId === clientId);
    });
    if (answer) {
      answer.times -= 1;
      this.#waiting = this.#waiting.filter(({ times }) => times > 0);
    }
    return answer;
  }

  clear() {
    this.#waiting = [];
  }
}
