import { begin, logIn, sessionWithCode } from '../parties/login.mjs';
import { Ours } from '../peers/ours.mjs';
import { versions } from '../programs.mjs';

/** @typedef {import('../measuring/sample.mjs').Served} Served */
/** @typedef {import('../measuring/wrk.mjs').Asked} Asked */

const BASE = '/api/cluster-auth';
export const USER = 'user:default/felix';

/** As many as are begun at once before the load. */
const LOGINS_AT_ONCE = 20;

/** The codes are redeemed sooner by far. */
const LONGEST_EXCHANGES_S = 30;

/** Where a login is kept, as a heading says it. @typedef {'in process' | 'file' | 'Redis'} Kept */

/** @typedef {{name: string, kept: Kept, ours: Ours}} Backend */

/**
 * @param {import('../parties/parts.mjs').Parts} parts
 * @param {import('../peers/ours.mjs').Around} around
 * @param {string} redis
 * @returns {Promise<Backend[]>} a backend of each version with each store
 */
export async function startBackends(parts, around, redis) {
  const stores = /** @type {const} */ ([
    ['in process', { kind: 'process' }], ['file', { kind: 'file' }], ['Redis', { kind: 'redis', url: redis }],
  ]);
  const backends = [];
  for (const { name: version, binary } of versions()) {
    for (const [kept, store] of stores) {
      const name = `${version}, ${kept}`;
      const logName = name.replaceAll(/, | /g, '-');
      // Two versions share one Redis, but no record there.
      const own = store.kind === 'redis' && version !== 'ours' ? { ...store, url: `${redis}/1` } : store;
      backends.push({ name, kept, ours: await parts.add(Ours.start(logName, binary, around, own)) });
    }
  }
  return backends;
}

/** What each call takes, and what is right. */
export class Calls {
  #signing;
  #userToken;
  #pluginToken;

  /** @param {import('../parties/signing.mjs').Signing} signing */
  constructor(signing) {
    this.#signing = signing;
    this.#userToken = signing.userToken(USER);
    this.#pluginToken = signing.pluginTokens(USER, 1)[0] ?? '';
  }

  /** @param {Ours} ours */
  async logIn(ours) {
    await logIn(ours.url, this.#userToken);
  }

  /** `GET /token` with the same plugin token each time. @param {Ours} ours @returns {Served} */
  token(ours) {
    return { ...at(ours), requests: [{ path: `${BASE}/token?cluster=dev`, bearer: this.#pluginToken }], body: /"token":"ey/ };
  }

  /**
   * The same with a new one for each call, as Backstage's kubernetes plugin calls; no backend sees one twice.
   *
   * @param {Ours} ours
   * @param {number} calls after which the turn ends
   * @param {number} seconds after which it ends
   * @returns {Served}
   */
  tokenACall(ours, calls, seconds) {
    const requests = async () => this.#signing.pluginTokens(USER, calls).map((bearer) => ({ path: `${BASE}/token?cluster=dev`, bearer }));
    return { ...at(ours), requests, once: true, seconds, body: /"token":"ey/ };
  }

  /** `GET /status` for the Backstage tab. @param {Ours} ours @returns {Served} */
  status(ours) {
    return { ...at(ours), requests: [{ path: `${BASE}/status`, bearer: this.#pluginToken }], body: /"connected":true/ };
  }

  /** `GET /session` of a login that waits for its person. @param {Ours} ours @returns {Promise<Served>} */
  async session(ours) {
    const { sessionToken } = await begin(ours.url, this.#userToken);
    return { ...at(ours), requests: [{ path: `${BASE}/session`, bearer: sessionToken }], body: /"status":"pending"/ };
  }

  /** `POST /register` by many people. @param {Ours} ours @returns {Served} */
  register(ours) {
    const requests = Array.from({ length: 1000 }, (_, number) => ({
      method: 'POST', path: `${BASE}/register`, bearer: this.#signing.userToken(person(number)),
    }));
    return { ...at(ours), requests, body: /"sessionToken":"/ };
  }

  /**
   * `POST /exchange`, a code once each: the sessions are begun and the codes fetched before the load.
   *
   * @param {Ours} ours
   * @param {number} calls after which the turn ends
   * @returns {Served}
   */
  exchange(ours, calls) {
    const requests = async () => {
      /** @type {Asked[]} */
      const prepared = [];
      for (let next = 0; next < calls; next += LOGINS_AT_ONCE) {
        const people = Array.from({ length: LOGINS_AT_ONCE }, (_, number) => person(next + number));
        prepared.push(...(await Promise.all(people.map((one) => this.#exchangeOf(ours, one)))));
      }
      return prepared;
    };
    return { ...at(ours), requests, once: true, seconds: LONGEST_EXCHANGES_S, body: /"success":true/ };
  }

  /** @param {Ours} ours @param {string} user @returns {Promise<Asked>} */
  async #exchangeOf(ours, user) {
    const { sessionToken, code, state } = await sessionWithCode(ours.url, this.#signing.userToken(user));
    return { method: 'POST', path: `${BASE}/exchange`, bearer: sessionToken, body: JSON.stringify({ code, state }) };
  }
}

/** @param {Ours} ours */
function at(ours) {
  return { url: ours.url, pid: ours.pid, status: 200 };
}

/** @param {number} number */
function person(number) {
  // As long as any other, so that all answers have one length.
  return `user:default/person-${String(number).padStart(6, '0')}`;
}
