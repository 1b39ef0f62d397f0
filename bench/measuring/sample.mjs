import { askOnce } from './checked-request.mjs';
import { processorSeconds } from './processes.mjs';
import { limitOf, wrongAnswers } from './verdict.mjs';
import { runWrk } from './wrk.mjs';

/**
 * @typedef {object} Sample what one turn of one candidate has shown
 * @property {number} [perSecond] requests; none where the load was the limit
 * @property {number} perProcessorSecond requests, by the server's processor time
 * @property {number} serverShare of its processor
 * @property {number} loadShare of its processor that the load generator used
 * @property {'server' | 'other parts' | 'its own load'} limit what held it up
 * @property {number} [medianMs] latency
 */

/**
 * @typedef {object} Loaded what is asked of a server
 * @property {string} url
 * @property {string} [ca] whom it has its certificate from, where it has one
 * @property {import('./wrk.mjs').Asked[] | (() => Promise<import('./wrk.mjs').Asked[]>)} requests those of one turn
 * @property {boolean} [once]
 * @property {string} [cookie]
 * @property {number} [connections]
 * @property {number} [seconds] of a turn
 * @property {number} status that is right
 * @property {RegExp} [body] what a right answer holds
 * @property {number} [bodyBytes] how long it is
 */

/** @typedef {Loaded & {pid: number}} Served a server under load */

/** @typedef {{perSecond: number, medianMs: number}} DirectSample a turn of a server that only takes part, asked without one in between */

/** Enough that a server with one processor always has a request to work at. */
const CONNECTIONS = 64;

/**
 * One turn: asks once and checks, loads, asks once more.
 *
 * @param {Served} served
 * @param {number} seconds
 * @returns {Promise<Sample>}
 * @throws when an answer was wrong, or the load generator was the limit
 */
export async function sampleOf(served, seconds) {
  const { report, answered, took, used } = await loaded(served, seconds, () => processorSeconds(served.pid));
  const [serverShare, loadShare] = [used / took, report.processor / took];
  return {
    perSecond: answered / took,
    perProcessorSecond: answered / used,
    serverShare,
    loadShare,
    limit: limitOf({ serverShare, loadShare }),
    medianMs: report.median / 1000,
  };
}

/**
 * The same without a server in between: what the load and those that take part can do at most, on the processor that they share.
 *
 * @param {Loaded} asked
 * @param {number} seconds
 * @returns {Promise<DirectSample>}
 * @throws when an answer was wrong
 */
export async function directSampleOf(asked, seconds) {
  const { report, answered, took } = await loaded(asked, seconds, () => 0);
  return { perSecond: answered / took, medianMs: report.median / 1000 };
}

/**
 * @param {Loaded} served
 * @param {number} seconds
 * @param {() => number} processorClock in seconds
 */
async function loaded(served, seconds, processorClock) {
  const { url, once = false, cookie, connections = CONNECTIONS } = served;
  const all = typeof served.requests === 'function' ? await served.requests() : served.requests;
  const [first, ...rest] = all;
  if (first === undefined) {
    throw new Error('there is nothing to ask');
  }
  const requests = once ? rest.slice(0, -1) : all;
  const before = await checked(served, first);
  const begun = processorClock();
  const report = await runWrk({ url, requests, once, ...(cookie && { cookie }), connections, seconds: served.seconds ?? seconds });
  const used = processorClock() - begun;
  const after = await checked(served, once ? /** @type {import('./wrk.mjs').Asked} */ (rest.at(-1)) : first);
  const wrong = wrongAnswers(report, [before.bytes, after.bytes], connections);
  if (wrong) {
    throw new Error(wrong);
  }
  // A large read that the end of the turn cuts short counts for its part.
  const answered = served.bodyBytes === undefined ? report.requests : report.bytes / before.bytes;
  return { report, answered, took: report.microseconds / 1e6, used };
}

/**
 * @param {Loaded} served
 * @param {import('./wrk.mjs').Asked} asked
 */
async function checked({ url, ca, cookie, status, body, bodyBytes }, asked) {
  const answer = await askOnce(url, { ...asked, ...(ca && { ca }) }, cookie);
  if (answer.status !== status || (body && !body.test(answer.body))) {
    throw new Error(`${asked.path} was answered with ${answer.status} ${answer.body.slice(0, 300)}`);
  }
  if (bodyBytes !== undefined && answer.body.length !== bodyBytes) {
    throw new Error(`${asked.path} was answered with ${answer.body.length} bytes instead of ${bodyBytes}`);
  }
  return answer;
}
