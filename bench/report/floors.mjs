import { comparison, figureOf, written } from './numbers.mjs';

/** @typedef {import('../rows/row.mjs').Row} Row */
/** @typedef {import('../measuring/statistics.mjs').Spread} Spread */

/**
 * @typedef {object} Floor what must hold, or what is aimed at
 * @property {string} text
 * @property {'floor' | 'goal'} kind a goal that is not met fails nothing
 * @property {string} row its title
 * @property {(row: Row) => Spread | undefined} measured nothing where the row has not run with all that it needs
 * @property {{least: number} | {most: number}} bound of the median
 * @property {number} digits
 * @property {string} [inTheWay] of a goal: what a profile shows where it is not met, and what was tried
 */

/** @typedef {{floor: Floor, was: string, holds: boolean}} Verdict */

const TOKEN = 'GET /token, one plugin token';
const PER_CPU = 'perProcessorSecond';

/** @param {string} beside @param {string} [ours] */
const besides = (beside, ours = 'ours, Redis') => (/** @type {Row} */ row) => comparison(row, ours, beside, PER_CPU);

const PROFILE_OF_TOKEN = `Of a profile of it (perf, 28 November 2026) 43 % is the kernel: a request read, one round trip to Redis, an answer written. 16 % were \
reading the record (JSON 6 %, wiping 4 %, hashes and AES 3 %, its memory 3 %), 9 % logging and spans, 4 % actix-web. Tried: verified tokens are \
remembered, which was most of the time before (5 times as quick); caches of the allocator for each thread (a sixth quicker); a record that has not \
changed is not opened again (a seventh quicker in process and in the file, a twentieth with Redis).`;

/** The floors of issue 17, and the goals of the design's budget. @type {Floor[]} */
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
    text: 'proxied reads of 2 KB, four times those of the earlier binary a CPU second', kind: 'floor', row: 'Proxied read, 2 KB', bound: { least: 4 },
    digits: 2, measured: besides('ours before', 'ours'),
  },
  {
    text: 'proxied reads of 2 KB, half of nginx with its log a CPU second', kind: 'goal', row: 'Proxied read, 2 KB', bound: { least: 0.5 }, digits: 2,
    measured: besides('nginx with an access log', 'ours'),
  },
  {
    text: 'proxied reads of 1 MB, twice nginx with its log a CPU second', kind: 'goal', row: 'Proxied read, 1 MB', bound: { least: 2 }, digits: 2,
    inTheWay: `Of a profile of it (perf, 28 November 2026) 62 % is the kernel, which copies each byte twice and carries it over loopback, as for nginx; 9 % AES, 5 % \
copies between buffers, 5 % the allocator. It reads 16 KiB at a time (61 reads a MB) and writes 73 KiB. Tried: more idle connections and caches of the \
allocator, which large reads do not show.`,
    measured: besides('nginx with an access log', 'ours'),
  },
  {
    text: 'callback in to page out, at most 1 ms beside the round trips', kind: 'goal', row: 'Callback to page, 1 at once', bound: { most: 1 }, digits: 2,
    measured: (row) => figureOf(row, 'ours', 'ownMs'),
  },
  {
    text: '5,000 watches, at most 40 KiB each', kind: 'goal', row: '5,000 watches', bound: { most: 40 }, digits: 1,
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

/**
 * @param {Row} row
 * @param {string} name
 * @param {string} figure
 * @returns {boolean} whether it says how quick others were, which the server waited for
 */
function isOfOthers(row, name, figure) {
  return figure === 'perSecond' && (row.samples.get(name) ?? []).some(({ limit }) => limit === 'other parts');
}

/** How far two processes of one binary were apart over all turns of a row (BEFORE=ours, 29 November 2026): a process stays as it has happened to start. */
const ALIKE = 0.02;

/**
 * No row may be slower than before, beyond the spread: where BEFORE was measured. It is slower where its best
 * turn is worse than the worst before, and the median by more than two processes of one binary are apart; where nothing has changed, each of
 * three turns is slower once in eight.
 *
 * @param {Row[]} rows
 * @returns {Verdict[]}
 */
function notSlower(rows) {
  return rows.flatMap((row) => row.columns.filter(({ better }) => better).flatMap(({ figure, better, heading }) => {
    const pairs = [...row.samples.keys()].filter((name) => name.startsWith('ours before')).map((name) => [name.replace('ours before', 'ours'), name]);
    return pairs.flatMap(([now = '', before = '']) => {
      const ratio = comparison(row, now, before, figure);
      // A server that has begun to wait is slower, although the limit is then elsewhere.
      if (!ratio || isOfOthers(row, before, figure)) {
        return [];
      }
      const [figures, others] = [figureOf(row, now, figure), figureOf(row, before, figure)];
      const meet = figures && others && (better === 'least' ? figures.least <= others.most : figures.most >= others.least);
      const holds = meet || (better === 'least' ? ratio.median <= 1 + ALIKE : ratio.median >= 1 - ALIKE);
      /** @type {Floor} */
      const floor = { text: `${row.title}: ${now} no slower than before (${heading})`, kind: 'floor', row: row.title, measured: () => ratio, bound: { least: 1 }, digits: 2 };
      return [{ floor, was: written(ratio.median, 2), holds }];
    });
  }));
}

/**
 * @param {Row[]} rows
 * @returns {Verdict[]} of the floors and goals of the rows that have run
 */
export function verdicts(rows) {
  const fixed = FLOORS.flatMap((floor) => {
    const row = rows.find(({ title, failure }) => title === floor.row && !failure);
    const spread = row && floor.measured(row);
    if (!spread) {
      return [];
    }
    const holds = 'least' in floor.bound ? spread.median >= floor.bound.least : spread.median <= floor.bound.most;
    return [{ floor, was: written(spread.median, floor.digits), holds }];
  });
  return [...fixed, ...notSlower(rows)];
}
