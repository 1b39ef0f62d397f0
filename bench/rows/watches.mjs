import { readFile } from 'node:fs/promises';

import { CLIENT_ID } from '../../dev/cluster/token-issuer.mjs';
import { StartedCluster } from '../../dev/cluster/started-cluster.mjs';
import { residentKib } from '../measuring/processes.mjs';
import { askOnce } from '../measuring/checked-request.mjs';
import { clientOf } from '../measuring/client-of.mjs';
import { startAround } from '../parties/around.mjs';
import { logIn, tokenOf } from '../parties/login.mjs';
import { Parts } from '../parties/parts.mjs';
import { startReverseProxy } from '../peers/nginx.mjs';
import { Ours } from '../peers/ours.mjs';
import { OURS, versions } from '../programs.mjs';
import { USER } from './calls.mjs';
import { rowOf } from './row.mjs';

/** @typedef {{kibAWatch?: number, openMs: number, eventMs: number, slowestReadMs: number}} Watches */
/** @typedef {{url: string, pid?: number, ca?: string, stop: () => Promise<unknown>}} Server its pid, where its memory is measured */
/** @typedef {{path: string, bearer: string, ca?: string}} Read */
/** @typedef {Awaited<ReturnType<typeof startAround>> & {cluster: StartedCluster, bearer: string, idToken: string}} Setting */

const COUNTS = [1_000, 5_000];

/** What a cluster speaks. */
const CLUSTERS = [
  { suffix: '', speaks: 'which offers HTTP/2 beside HTTP/1.1, as API servers do', more: ['--http2'] },
  { suffix: ' over HTTP/1.1', speaks: 'which speaks HTTP/1.1 alone', more: [] },
];

/** How many are opened at a time: a person's browser does not open thousands at once either. */
const AT_A_TIME = 50;

/** People who read beside, one after the other. */
const READS = 100;

const PODS = '/api/v1/namespaces/team-a/pods';
const PROXY = '/api/cluster-auth/clusters/dev/proxy';

/** Thousands of watches, beside nginx. @type {import('./row.mjs').Group} */
export const WATCHES = {
  name: 'watches',
  measure: async (scale) => {
    const rows = [];
    for (const spoken of CLUSTERS) {
      rows.push(...(await Parts.around((parts) => rowsOf(parts, spoken, Math.min(scale.turns, 3)))));
    }
    return rows;
  },
};

/**
 * @param {Parts} parts
 * @param {typeof CLUSTERS[number]} spoken
 * @param {number} turns
 * @returns {Promise<import('./row.mjs').Row[]>}
 */
async function rowsOf(parts, { suffix, speaks, more }, turns) {
  const around = await startAround(parts);
  const cluster = await parts.add(StartedCluster.start(around.issuer, CLIENT_ID, more));
  const [bearer = ''] = around.signing.pluginTokens(USER, 1);
  const setting = { ...around, cluster, bearer, idToken: await idTokenOf(parts, { ...around, cluster, bearer }) };
  const rows = [];
  for (const count of COUNTS) {
    rows.push(await rowOf({
      title: `${count.toLocaleString('en-US')} watches${suffix}`,
      about: `Of one user’s pods, through a server that was started for them, to the development cluster over TLS, ${speaks}; nginx speaks HTTP/1.1 to it.
Then an event for each of them, and ${READS} reads one after the other while it is on its way. Memory is what all processes of the server have resident,
when each watch has its event.`,
      columns: [
        { figure: 'kibAWatch', heading: 'KiB a watch', digits: 1, compared: true, better: 'least' },
        { figure: 'openMs', heading: 'until all are open, ms', digits: 0 },
        { figure: 'eventMs', heading: 'until all have the event, ms', digits: 0 },
        { figure: 'slowestReadMs', heading: 'slowest read, ms', digits: 0 },
      ],
    }, candidatesOf(setting, count), turns, 'cold'));
  }
  return rows;
}

/** @param {Setting} setting @param {number} count */
function candidatesOf(setting, count) {
  const { cluster, bearer, idToken } = setting;
  return [
    ...versions().map(({ name, binary }) => ({
      name, sample: () => watched(() => startOurs(name, binary, setting), { before: PROXY, bearer, cluster, count }),
    })),
    {
      name: 'nginx with an access log',
      sample: () => watched(
        () => startReverseProxy('nginx-watches', { api: cluster, bearer: idToken, accessLog: true, carries: 'watches' }), { before: '', bearer, cluster, count },
      ),
    },
    { name: 'direct', sample: () => watched(() => directly(cluster), { before: '', bearer: idToken, cluster, count }) },
  ];
}

/** @param {string} name @param {string} binary @param {Omit<Setting, 'idToken'>} setting @returns {Promise<Ours>} with the user logged in */
async function startOurs(name, binary, { signing, cluster, backstage, issuer }) {
  const logName = `watches-${name.replaceAll(' ', '-')}`;
  const ours = await Ours.start(logName, binary, { backstage, issuer, cluster }, { kind: 'process' }, { STREAMS_PER_USER: '8000' });
  await logIn(ours.url, signing.userToken(USER));
  return ours;
}

/** @param {StartedCluster} cluster @returns {Promise<Server>} the cluster itself, which runs on */
async function directly({ url, caFile }) {
  return { url, ca: await readFile(caFile, 'utf8'), stop: () => Promise.resolve() };
}

/**
 * What nginx sends to the cluster for everyone: it has no logins.
 *
 * @param {Parts} parts
 * @param {Omit<Setting, 'idToken'>} setting
 * @returns {Promise<string>}
 */
async function idTokenOf(parts, setting) {
  const ours = await parts.add(startOurs('giver', OURS, setting));
  return tokenOf(ours.url, setting.bearer);
}

/**
 * @param {() => Promise<Server>} start
 * @param {{before: string, bearer: string, cluster: StartedCluster, count: number}} what
 * @returns {Promise<Watches>}
 */
function watched(start, { before, bearer, cluster, count }) {
  return Parts.around(async (parts) => {
    const server = await parts.add(start());
    const { url, pid, ca } = server;
    const read = { path: `${before}${PODS}`, bearer, ...(ca && { ca }) };
    // What a server in use needs anyhow is no watch's.
    await readPods(url, read);
    const empty = pid && residentKib(pid);
    const open = new OpenWatches(url, { ...read, path: `${before}${PODS}?watch=true` });
    try {
      const began = performance.now();
      await open.add(count);
      const openMs = performance.now() - began;
      const touched = performance.now();
      // Together: where one fails, the other's end is not left alone.
      const [eventMs, slowestReadMs] = await Promise.all([
        open.nextEvents().then(() => performance.now() - touched),
        cluster.call('/control/touch', { method: 'POST' }).then(() => slowestRead(url, read)),
      ]);
      return { ...(pid && empty && { kibAWatch: (residentKib(pid) - empty) / count }), openMs, eventMs, slowestReadMs };
    } finally {
      open.close();
    }
  });
}

/** @param {string} url @param {Read} read @returns {Promise<number>} */
async function slowestRead(url, read) {
  let slowest = 0;
  for (let number = 0; number < READS; number += 1) {
    const began = performance.now();
    await readPods(url, read);
    slowest = Math.max(slowest, performance.now() - began);
  }
  return slowest;
}

/** @param {string} url @param {Read} read */
async function readPods(url, read) {
  const { status, body } = await askOnce(url, read);
  if (status !== 200 || !body.includes('web-0')) {
    throw new Error(`${read.path} was answered with ${status} ${body.slice(0, 300)}`);
  }
}

/** Watches of one client. */
class OpenWatches {
  #agent;
  /** @type {import('node:http').IncomingMessage[]} */
  #open = [];
  #url;
  #asked;

  /** @param {string} url @param {Read} asked */
  constructor(url, asked) {
    this.#agent = new (clientOf(url).Agent)({ maxSockets: Infinity });
    this.#url = url;
    this.#asked = asked;
  }

  /** @param {number} count */
  async add(count) {
    while (this.#open.length < count) {
      const batch = Array.from({ length: Math.min(AT_A_TIME, count - this.#open.length) }, () => this.#openOne());
      this.#open.push(...(await Promise.all(batch)));
    }
  }

  /** @returns {Promise<import('node:http').IncomingMessage>} one that has told the state of the pods */
  #openOne() {
    const { path, bearer, ca } = this.#asked;
    const headers = { authorization: `Bearer ${bearer}` };
    return new Promise((resolve, reject) => {
      const sent = clientOf(this.#url).request(`${this.#url}${path}`, { agent: this.#agent, headers, ...(ca && { ca }) }, (response) => {
        if (response.statusCode !== 200) {
          reject(new Error(`a watch was answered with ${response.statusCode}`));
          return;
        }
        response.once('data', () => resolve(response));
        response.once('close', () => reject(new Error('a watch has ended')));
      });
      sent.once('error', reject).end();
    });
  }

  /** @returns {Promise<void>} when each of them has got one more */
  async nextEvents() {
    await Promise.all(this.#open.map((response) => new Promise((resolve, reject) => {
      response.once('data', resolve).once('close', () => reject(new Error('a watch has ended')));
    })));
  }

  close() {
    this.#agent.destroy();
  }
}
