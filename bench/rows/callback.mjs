import { inRepository } from '../../dev/setup/repository.mjs';
import { agentOf, askBy, askOnce } from '../measuring/checked-request.mjs';
import { meanOf } from '../measuring/statistics.mjs';
import { startAround } from '../parties/around.mjs';
import { redirectOf } from '../parties/hand-over.mjs';
import { begin } from '../parties/login.mjs';
import { Parts } from '../parties/parts.mjs';
import { Ours } from '../peers/ours.mjs';
import { serverProgram } from '../peers/program.mjs';
import { versions } from '../programs.mjs';
import { rowOf } from './row.mjs';

/** @typedef {Awaited<ReturnType<typeof startAround>>} Around */
/** @typedef {{pageMs: number, providerMs: number, roundTripsMs: number, ownMs: number}} Callback */

const AT_ONCE = [1, 64];

/** One takes a second or two, most of it the provider's, and no two take the same time: so many times the turns of other rows. */
const TURNS_MORE = 10;

/** One takes half a millisecond, and another time twice that. */
const ROUND_TRIPS = 10;

/** What the backend's metrics have of its calls to the token endpoint. @typedef {{seconds: number, count: number}} Calls */

/** From the redirect's arrival to the page that says how the login ended. @type {import('./row.mjs').Group} */
export const CALLBACK = {
  name: 'callback',
  measure: async (scale) => {
    const rows = [];
    for (const count of AT_ONCE) {
      rows.push(await row(count, scale.turns * TURNS_MORE));
    }
    return rows;
  },
};

/** @param {number} count @param {number} turns @returns {Promise<import('./row.mjs').Row>} */
function row(count, turns) {
  const title = `Callback to page, ${count} at once`;
  const about = `${turns} times: the redirect of ${count === 1 ? 'a login' : `${count} logins`} arrives at the proxy role, which delivers it to the backend, which redeems the
code; the page says that the login succeeded. All are means of a turn: of its pages; of what the backend itself has waited for the provider’s token endpoint, by its metrics; of ${ROUND_TRIPS}
times the two round trips that there are at least, one after the other: to the proxy role on a new connection, and to the backend on one that is there. What is left is the page’s
time without these, and no ratio is taken of it, as it is a difference.`;
  /** @type {import('./row.mjs').Column[]} */
  const columns = [
    { figure: 'pageMs', heading: 'page out, ms', digits: 2, compared: true, better: 'least' },
    { figure: 'providerMs', heading: 'provider, ms', digits: 2 },
    { figure: 'roundTripsMs', heading: 'two round trips, ms', digits: 2 },
    { figure: 'ownMs', heading: 'what is left, ms', digits: 2 },
  ];
  return Parts.around(async (parts) => {
    const around = await startAround(parts);
    const candidates = [];
    for (const { name, binary } of versions()) {
      const ours = await parts.add(Ours.start(`callback-${name.replaceAll(' ', '-')}`, binary, around, { kind: 'process' }));
      candidates.push({ name, sample: () => turnOf({ around, ours, binary, count }) });
    }
    return rowOf({ title, about, columns }, candidates, turns);
  });
}

/**
 * One turn, with a proxy of its own: all versions of it want the same ports.
 *
 * @param {{around: Around, ours: Ours, binary: string, count: number}} setting
 * @returns {Promise<Callback>}
 */
async function turnOf({ around, ours, binary, count }) {
  const proxy = serverProgram('callback-proxy', [binary, 'proxy'], {
    BACKSTAGE_URL: ours.url, LOG_FORMAT: 'json', HOLD_CALLBACK_PORT: 'true', HOME: inRepository('target/bench/home'),
  });
  try {
    await proxy.line(/"control_addresses"/);
    const people = Array.from({ length: count }, (_, number) => around.signing.userToken(`user:default/person-${number}`));
    const redirects = [];
    for (const person of people) {
      const { sessionToken } = await begin(ours.url, person);
      redirects.push(await redirectOf({ sessionToken, app: around.backstage }));
    }
    const before = await tokenCalls(ours);
    const pageMs = meanOf(await Promise.all(redirects.map(pageTime)));
    const providerMs = meanWait(before, await tokenCalls(ours), count);
    const roundTripsMs = await roundTripsTime(redirects, ours);
    return { pageMs, providerMs, roundTripsMs, ownMs: pageMs - providerMs - roundTripsMs };
  } finally {
    await proxy.stop();
  }
}

/** @param {Ours} ours @returns {Promise<Calls>} so far */
async function tokenCalls(ours) {
  const series = (/** @type {string} */ kind) => ours.metric(`cluster_auth_idp_seconds_${kind}{endpoint="token"}`);
  return { seconds: await series('sum'), count: await series('count') };
}

/**
 * @param {Calls} before
 * @param {Calls} after
 * @param {number} expected how many there were in between: one for each login
 * @returns {number} the mean that the backend has waited for one, in milliseconds
 */
export function meanWait(before, after, expected) {
  const count = after.count - before.count;
  if (count !== expected) {
    throw new Error(`the backend has called the token endpoint ${count} times for ${expected} logins`);
  }
  return ((after.seconds - before.seconds) / count) * 1000;
}

/** @param {import('../parties/hand-over.mjs').Redirect} redirect @returns {Promise<number>} until its page is out, in milliseconds */
async function pageTime({ url, cookie }) {
  const { pathname, search, origin } = new URL(url);
  const began = performance.now();
  const page = await askOnce(origin, { path: `${pathname}${search}` }, cookie);
  const took = performance.now() - began;
  if (!/data-outcome="success"/.test(page.body)) {
    throw new Error(`the page says something else: ${page.body.slice(0, 400)}`);
  }
  return took;
}

/**
 * @param {import('../parties/hand-over.mjs').Redirect[]} redirects where the proxy is
 * @param {Ours} ours
 * @returns {Promise<number>} of a request to each that is answered at once, in milliseconds
 */
async function roundTripsTime([redirect], ours) {
  const proxy = new URL(redirect?.url ?? '').origin;
  const toProxy = await meanTime(() => askOnce(proxy, { path: '/there-is-none' }), 404);
  const agent = agentOf(ours.url);
  try {
    const ask = () => askBy(agent, ours.url, { path: '/api/cluster-auth/info' });
    await ask();
    return toProxy + (await meanTime(ask, 200));
  } finally {
    agent.destroy();
  }
}

/** @param {() => Promise<import('../measuring/checked-request.mjs').Answer>} ask @param {number} expected status @returns {Promise<number>} */
async function meanTime(ask, expected) {
  const times = [];
  for (let number = 0; number < ROUND_TRIPS; number += 1) {
    const began = performance.now();
    const { status } = await ask();
    times.push(performance.now() - began);
    if (status !== expected) {
      throw new Error(`the answer was ${status}, and not ${expected}`);
    }
  }
  return meanOf(times);
}
