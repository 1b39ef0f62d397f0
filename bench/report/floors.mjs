import { BASELINE_COMMIT } from '../measuring/earlier-binary.mjs';
import { comparison, figureOf } from './numbers.mjs';

/** @typedef {import('../rows/row.mjs').Row} Row */
/** @typedef {import('../measuring/statistics.mjs').Spread} Spread */

/**
 * @typedef {object} Floor what must hold, what is aimed at, or what is shown beside them
 * @property {string} text
 * @property {'floor' | 'goal' | 'beside'} kind a goal that is not met fails nothing; a figure beside the others is shown for honesty and is judged by nothing
 * @property {string} row its title
 * @property {(row: Row) => Spread | undefined} measured nothing where the row lacks what it needs
 * @property {{least: number} | {most: number}} [bound] of the median; a figure beside the others has none
 * @property {number} digits
 * @property {boolean} [ofBaseline] it means something only beside the binary of BASELINE, and is not there without it
 * @property {string} [inTheWay] of a goal: what a profile shows where it is not met, and what was tried
 */

const TOKEN = 'GET /token, one plugin token';
const TOKEN_A_CALL = 'GET /token, a plugin token a call';
const PER_CPU = 'perProcessorSecond';

/** @param {string} beside @param {string} [ours] */
const besides = (beside, ours = 'ours, Redis') => (/** @type {Row} */ row) => comparison(row, ours, beside, PER_CPU);

const PROFILE_OF_TOKEN = `Of a profile of it (perf, 29 November 2026, beside a build) 54 % is the kernel: a request read, one round trip to Redis, an answer and an audit line written. \
8 % are logging and spans, 7 % memory, 6 % actix-web, 4 % JSON, 1 % cryptography. Tried: verified tokens are remembered, which was most of the time before (5 times as \
quick); caches of the allocator for each thread (a sixth quicker); a record that has not changed is not opened again (a seventh quicker in process and in the file, a \
twentieth with Redis).`;

/** The floors of issue 17, the goals of the design's budget, and figures that belong beside them. @type {Floor[]} */
export const FLOORS = [
  {
    text: '`login` listens after 5 ms at most', kind: 'floor', row: 'Start to listening', bound: { most: 5 }, digits: 1,
    measured: (row) => figureOf(row, 'ours, login', 'listeningMs'),
  },
  {
    text: '`login` listens after 4 ms', kind: 'goal', row: 'Start to listening', bound: { most: 4 }, digits: 1,
    measured: (row) => figureOf(row, 'ours, login', 'listeningMs'),
  },
  {
    text: '`login` takes 6 MiB at most until it listens', kind: 'goal', row: 'Start to listening', bound: { most: 6 }, digits: 1,
    inTheWay: `Its own memory is 1.0 MiB, in one thread. The rest are pages of the program and of libc, which stand in the page cache once for all \
processes: the kernel maps 64 KiB around each page that is touched (smaps, 28 November 2026: 7.5 MiB of the program, 1.4 of libc). Tried: a program \
built for size is a third smaller on the disk and takes as much; system roots, TLS and names are no longer touched before it listens.`,
    measured: (row) => figureOf(row, 'ours, login', 'peakMib'),
  },
  {
    text: '`GET /token` with Redis, 2.5 times oauth2-proxy a CPU second', kind: 'floor', row: TOKEN, bound: { least: 2.5 }, digits: 2,
    measured: besides('oauth2-proxy /oauth2/auth, Redis'),
  },
  {
    text: '`GET /token` with Redis, 5 times oauth2-proxy a CPU second', kind: 'goal', row: TOKEN, bound: { least: 5 }, digits: 2, inTheWay: PROFILE_OF_TOKEN,
    measured: besides('oauth2-proxy /oauth2/auth, Redis'),
  },
  {
    text: '`GET /token` with Redis, 5 times mod_auth_openidc a CPU second', kind: 'goal', row: TOKEN, bound: { least: 5 }, digits: 2,
    measured: besides('Apache mod_auth_openidc, Redis'),
  },
  {
    text: '`GET /token` with Redis, 60 % of actix-web from memory or of redis-benchmark, whichever is slower', kind: 'goal', row: TOKEN,
    bound: { least: 0.6 }, digits: 2, measured: besideSlower, inTheWay: PROFILE_OF_TOKEN,
  },
  {
    text: '`GET /token` with Redis, a plugin token a call, beside oauth2-proxy a CPU second', kind: 'beside', row: TOKEN_A_CALL, digits: 2,
    measured: besides('oauth2-proxy /oauth2/auth, Redis'),
  },
  {
    text: '`GET /token` with Redis, a plugin token a call, beside mod_auth_openidc a CPU second', kind: 'beside', row: TOKEN_A_CALL, digits: 2,
    measured: besides('Apache mod_auth_openidc, Redis'),
  },
  {
    text: `proxied reads of 2 KB, four times those of the earlier binary a CPU second, where that is the one of commit ${BASELINE_COMMIT}, from before they were made quick`,
    kind: 'floor', row: 'Proxied read, 2 KB', bound: { least: 4 }, digits: 2, ofBaseline: true, measured: besides('ours before', 'ours'),
  },
  {
    text: 'proxied reads of 2 KB, half of nginx with its log a CPU second', kind: 'goal', row: 'Proxied read, 2 KB', bound: { least: 0.5 }, digits: 2,
    measured: besides('nginx with an access log', 'ours'),
  },
  {
    text: 'proxied reads of 1 MB, twice nginx with its log a CPU second', kind: 'goal', row: 'Proxied read, 1 MB', bound: { least: 2 }, digits: 2,
    inTheWay: `Of a profile of it (perf, 28 November 2026) 62 % is the kernel, which copies each byte twice and carries it over loopback, as for nginx; 9 % AES, 5 % \
copies between buffers, 5 % the allocator. It reads a TLS record of 16 KiB at a time (61 reads a MB), as nginx does, and writes 73 KiB: without all that is not the kernel's \
or AES' it would be a third quicker. nginx is measured as an operator sets it, unbuffered; with its own defaults it is half as quick, and the goal is of that time. \
In that row API and load are the limit; ours reads smaller pieces there than the binary of commit ${BASELINE_COMMIT} (123 receives a MB to 94, counted with perf) and \
passes fewer answers a second. Measured by hand, with another program on half of the server's processor (29 November 2026, five turns), it is 1.24 times nginx and 1.10 \
times that binary a CPU second, over HTTP/2 0.97 and 1.00 times. \
Tried: more idle connections and caches of the allocator, which large reads do not show.`,
    measured: besides('nginx with an access log', 'ours'),
  },
  {
    text: 'proxied reads of 2 KB over HTTP/2, beside nginx with its log a CPU second, which reads over HTTP/1.1', kind: 'beside',
    row: 'Proxied read, 2 KB over HTTP/2', digits: 2, measured: besides('nginx with an access log', 'ours'),
  },
  {
    text: 'proxied reads of 1 MB over HTTP/2, beside nginx with its log a CPU second, which reads over HTTP/1.1', kind: 'beside',
    row: 'Proxied read, 1 MB over HTTP/2', digits: 2, measured: besides('nginx with an access log', 'ours'),
  },
  {
    text: 'callback in to page out, at most 1 ms beside the round trips', kind: 'goal', row: 'Callback to page, 1 at once', bound: { most: 1 }, digits: 2,
    inTheWay: `What is left is a difference of times that vary by more than it. Of a profile of logins (perf, 29 November 2026, beside a build) 59 % of the proxy role's processor time and \
34 % of the backend's is the kernel: a browser's connection accepted and closed, a request carried; no other function is above 3 %. \
Tried: verified tokens and keys are remembered; caches of the allocator for each thread.`,
    measured: (row) => figureOf(row, 'ours', 'ownMs'),
  },
  {
    text: '5,000 watches over HTTP/2, at most 40 KiB each', kind: 'goal', row: '5,000 watches', bound: { most: 40 }, digits: 1,
    measured: (row) => figureOf(row, 'ours', 'kibAWatch'),
  },
  {
    text: '5,000 watches over HTTP/1.1, at most 40 KiB each', kind: 'goal', row: '5,000 watches over HTTP/1.1', bound: { most: 40 }, digits: 1,
    inTheWay: `Each watch has a TLS connection of its own to the API server, each with its own buffers of rustls and hyper; nginx has one for each as well, and stands \
beside it in that row. Tried, and not enough: a read buffer of 3 KiB for streams; memory from jemalloc for aws-lc, which brings back what closed connections leave.`,
    measured: (row) => figureOf(row, 'ours', 'kibAWatch'),
  },
  {
    text: 'a million users, at most 4,096 bytes each beside the tokens', kind: 'goal', row: 'Users kept', bound: { most: 4096 }, digits: 0,
    measured: (row) => figureOf(row, '1,000,000 users', 'besideTokens'),
  },
];

/** @param {Row} row */
function besideSlower(row) {
  const [memory, redis] = ['actix-web from memory', 'redis-benchmark GET'].map((name) => comparison(row, 'ours, Redis', name, PER_CPU));
  return memory && redis ? (memory.median > redis.median ? memory : redis) : undefined;
}
