import { ENDPOINT_PATHS } from '../../dev/idp/endpoints.mjs';
import { inRepository } from '../../dev/setup/repository.mjs';
import { askOnce } from '../measuring/checked-request.mjs';
import { spreadOf } from '../measuring/statistics.mjs';
import { startAround } from '../parties/around.mjs';
import { redirectOf } from '../parties/hand-over.mjs';
import { begin, sessionWithCode } from '../parties/login.mjs';
import { Parts } from '../parties/parts.mjs';
import { Ours } from '../peers/ours.mjs';
import { serverProgram } from '../peers/program.mjs';
import { versions } from '../programs.mjs';
import { rowOf } from './row.mjs';

/** @typedef {Awaited<ReturnType<typeof startAround>>} Around */
/** @typedef {{pageMs: number, providerMs: number, roundTripMs: number, ownMs: number}} Callback */

const AT_ONCE = [1, 64];
const REDIRECT_URI = 'http://localhost:8000/';

/** From the redirect's arrival to the page that says how the login ended. @type {import('./row.mjs').Group} */
export const CALLBACK = {
  name: 'callback',
  measure: async (scale) => {
    const rows = [];
    for (const count of AT_ONCE) {
      rows.push(await row(count, scale.turns * (count === 1 ? 10 : 1)));
    }
    return rows;
  },
};

/** @param {number} count @param {number} turns @returns {Promise<import('./row.mjs').Row>} */
function row(count, turns) {
  const title = `Callback to page, ${count} at once`;
  const about = `${turns} times: the redirect of ${count === 1 ? 'a login' : `${count} logins`} arrives at the proxy role, which delivers it to the backend, which redeems the
code; the page says that the login succeeded. Beside it in the same turn, and taken off: as many codes redeemed at the provider directly, and one round trip to the backend.`;
  /** @type {import('./row.mjs').Column[]} */
  const columns = [
    { figure: 'pageMs', heading: 'page out, ms', digits: 2 },
    { figure: 'providerMs', heading: 'provider alone, ms', digits: 2 },
    { figure: 'roundTripMs', heading: 'round trip, ms', digits: 2 },
    { figure: 'ownMs', heading: 'what is left, ms', digits: 2, compared: true, better: 'least' },
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
    const codes = [];
    for (const person of people) {
      const { sessionToken } = await begin(ours.url, person);
      redirects.push(await redirectOf({ sessionToken, app: around.backstage }));
      codes.push((await sessionWithCode(ours.url, person)).code);
    }
    const pageMs = await timesOf(redirects, async ({ url, cookie }) => {
      const { pathname, search, origin } = new URL(url);
      const page = await askOnce(origin, { path: `${pathname}${search}` }, cookie);
      return /data-outcome="success"/.test(page.body) || page.body.slice(0, 400);
    });
    const providerMs = await timesOf(codes, async (code) => {
      const form = new URLSearchParams({ client_id: 'kubernetes', grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI });
      const asked = { method: 'POST', path: ENDPOINT_PATHS.token, type: 'application/x-www-form-urlencoded', body: `${form}` };
      const { status } = await askOnce(new URL(around.issuer).origin, asked);
      return status === 200 || `${status}`;
    });
    const roundTripMs = await timesOf(people.slice(0, 1), async () => (await askOnce(ours.url, { path: '/api/cluster-auth/info' })).status === 200);
    return { pageMs, providerMs, roundTripMs, ownMs: pageMs - providerMs - roundTripMs };
  } finally {
    await proxy.stop();
  }
}

/**
 * @template T
 * @param {T[]} all at once
 * @param {(one: T) => Promise<boolean | string>} work whether it went right, or what came instead
 * @returns {Promise<number>} the median, in milliseconds
 */
async function timesOf(all, work) {
  const times = await Promise.all(all.map(async (one) => {
    const began = performance.now();
    const right = await work(one);
    if (right !== true) {
      throw new Error(`the answer was not right: ${right}`);
    }
    return performance.now() - began;
  }));
  return spreadOf(times).median;
}
