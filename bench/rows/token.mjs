import { sampleOf } from '../measuring/sample.mjs';
import { startAround } from '../parties/around.mjs';
import { cookiesOf } from '../parties/login.mjs';
import { Parts } from '../parties/parts.mjs';
import { GUARDED, startApache } from '../peers/apache.mjs';
import { startMemoryAnswers } from '../peers/memory-answers.mjs';
import { sessionOf, startOauth2Proxy } from '../peers/oauth2-proxy.mjs';
import { redisBenchmark } from '../peers/redis-benchmark.mjs';
import { Redis } from '../peers/redis.mjs';
import { Calls, startBackends } from './calls.mjs';
import { loadRow } from './row.mjs';

/** @typedef {import('./row.mjs').LoadCandidate} LoadCandidate */
/** @typedef {import('./calls.mjs').Backend} Backend */
/** @typedef {import('../measuring/sample.mjs').Served} Served */

/** More than the backend answers in a second, or as many as are prepared in a reasonable time. */
const TOKENS_A_SECOND = 30_000;
/** A turn ends with them. */
const CODES_A_TURN = 3_000;

/** Those that also stand beside ours where no plugin token is seen twice. */
const OAUTH2_PROXY = 'oauth2-proxy /oauth2/auth, Redis';
const APACHE = 'Apache mod_auth_openidc, Redis';

const ABOUT_ONE_TOKEN = `Ours verifies who asks, answers with the ID token and writes an audit line; the others answer for a session that they keep. oauth2-proxy writes its lines as it is
installed, and none where that is said. Compared with them is ours with Redis. The floors are judged here, as what they were set by was one token, sent again and again. A new
plugin token for each call costs ours the verification of an ES256 signature, which neither oauth2-proxy nor mod_auth_openidc does: the next row shows ours beside them then.`;

const ABOUT_A_TOKEN_A_CALL = `Backstage signs a new plugin token for each request of a page, and asks with it for all clusters of the page. Here each call has its own, as with one cluster: ours sees none twice, and verifies each. oauth2-proxy and mod_auth_openidc are asked for the same session
again and again, as in the row before: it is all that their callers send. Compared with them is ours with Redis.`;

/** The calls of the API, in process, in the file and in Redis. @type {import('./row.mjs').Group} */
export const TOKEN = {
  name: 'token',
  measure: (scale) => Parts.around(async (parts) => {
    const redis = await parts.add(Redis.start('party'));
    const around = await startAround(parts);
    const backends = await startBackends(parts, around, redis.url);
    const calls = new Calls(around.signing);
    for (const { ours } of backends) {
      await calls.logIn(ours);
    }
    const peers = await peersOf(parts, around.issuer, redis, scale.seconds);
    return rowsOf({ calls, backends, peers }, scale);
  }),
};

/**
 * @param {{calls: Calls, backends: Backend[], peers: LoadCandidate[]}} parties
 * @param {import('./row.mjs').Scale} scale
 */
async function rowsOf({ calls, backends, peers }, { turns, seconds }) {
  /** @param {(ours: Backend['ours']) => Served | Promise<Served>} served @returns {Promise<LoadCandidate[]>} */
  const each = (served) => Promise.all(backends.map(async ({ name, ours }) => {
    const about = await served(ours);
    return { name, sample: () => sampleOf(about, seconds) };
  }));
  const short = Math.min(seconds, 2);
  return [
    await loadRow('GET /token, one plugin token', ABOUT_ONE_TOKEN, [...(await each((ours) => calls.token(ours))), ...peers], turns, 'ours, Redis'),
    await loadRow('GET /token, a plugin token a call', ABOUT_A_TOKEN_A_CALL,
      [...(await each((ours) => calls.tokenACall(ours, TOKENS_A_SECOND * short, short))), ...peers.filter(({ name }) => [OAUTH2_PROXY, APACHE].includes(name))],
      turns, 'ours, Redis'),
    await loadRow('GET /status', 'What the Backstage tab asks first.', await each((ours) => calls.status(ours)), turns),
    await loadRow('GET /session', 'A login that waits for its person.', await each((ours) => calls.session(ours)), turns),
    await loadRow('POST /register', 'A thousand people begin logins; the eighth pending one of a person is their oldest one’s end.',
      await each((ours) => calls.register(ours)), turns),
    await loadRow('POST /exchange', 'A code redeemed once each; the identity provider is most of the time that passes, and in no processor time.',
      await each((ours) => calls.exchange(ours, CODES_A_TURN)), turns),
  ];
}

/**
 * @param {Parts} parts
 * @param {string} issuer
 * @param {Redis} redis
 * @param {number} seconds of a turn
 * @returns {Promise<LoadCandidate[]>}
 */
async function peersOf(parts, issuer, redis, seconds) {
  /** @param {import('../peers/oauth2-proxy.mjs').Lines} lines @returns {Promise<Served>} */
  const oauth2Proxy = async (lines) => {
    const proxy = await parts.add(startOauth2Proxy(issuer, redis.url, lines));
    return { url: proxy.url, pid: proxy.pid, status: 202, cookie: await sessionOf(proxy, issuer), requests: [{ path: '/oauth2/auth' }] };
  };
  const apache = await parts.add(startApache(issuer, redis.port));
  const memory = await parts.add(startMemoryAnswers('bench'));
  const measured = await parts.add(Redis.start('server'));
  /** @type {[string, Served][]} */
  const served = [
    [OAUTH2_PROXY, await oauth2Proxy('with lines')],
    ['oauth2-proxy without its lines, Redis', await oauth2Proxy('without lines')],
    [APACHE, {
      url: apache.url, pid: apache.pid, status: 200, cookie: await cookiesOf(`${apache.url}${GUARDED}`), requests: [{ path: GUARDED }], body: /^guarded\n$/,
    }],
    ['actix-web from memory', { url: memory.url, pid: memory.pid, status: 200, requests: [{ path: '/token', bearer: 'bench' }], body: /"token":"x/ }],
  ];
  return [
    ...served.map(([name, one]) => ({ name, sample: () => sampleOf(one, seconds) })),
    { name: 'redis-benchmark GET', sample: () => redisBenchmark(measured) },
  ];
}
