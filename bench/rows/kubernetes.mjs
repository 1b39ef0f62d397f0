import { mkdir, readFile, writeFile } from 'node:fs/promises';

import { inRepository } from '../../dev/setup/repository.mjs';
import { directSampleOf, sampleOf } from '../measuring/sample.mjs';
import { startAround } from '../parties/around.mjs';
import { logIn } from '../parties/login.mjs';
import { Parts } from '../parties/parts.mjs';
import { startFilesOverTls, startReverseProxy } from '../peers/nginx.mjs';
import { Ours } from '../peers/ours.mjs';
import { versions } from '../programs.mjs';
import { USER } from './calls.mjs';
import { loadRow } from './row.mjs';

/** @typedef {{name: string, path: string, bytes: number, connections: number}} Size */

/** What is read, by its name in the row; large ones by fewer readers at once. @type {Size[]} */
const SIZES = [
  { name: '2 KB', path: '/api/v1/namespaces/dev/pods', bytes: 2_000, connections: 64 },
  { name: '1 MB', path: '/api/v1/namespaces/dev/events', bytes: 1_000_000, connections: 16 },
  { name: '100 MB', path: '/api/v1/namespaces/dev/configmaps', bytes: 100_000_000, connections: 4 },
];

const PROXY = '/api/cluster-auth/clusters/dev/proxy';

/** Those that are also read over HTTP/2: 100 MB is 1 MB a hundred times. */
const SIZES_OVER_HTTP2 = SIZES.slice(0, 2);

const ABOUT_HTTP2 = `The API that ours asks offers HTTP/2 beside HTTP/1.1, as API servers do, and refuses what
comes over HTTP/1.1, so that no read here can have; nginx speaks HTTP/1.1 to what is behind it, and reads the same files so. The callers speak HTTP/1.1 to both.`;

/** @typedef {{url: string, caFile: string}} Api */
/** @typedef {Awaited<ReturnType<typeof startAround>>} Around */
/** A server that is read through, and the path before an API's own. @typedef {{name: string, server: import('../peers/peer.mjs').Peer | Ours, before: string}} Reader */

/** Reads through the Kubernetes proxy, beside nginx, which checks no user. @type {import('./row.mjs').Group} */
export const KUBERNETES = {
  name: 'kubernetes',
  measure: (scale) => Parts.around(async (parts) => {
    const files = await filesOfApi();
    const api = await startApi(parts, files, 'HTTP/1.1');
    const around = await startAround(parts);
    const withLog = await startNginx(parts, around, api, 'nginx with an access log');
    const readers = [...(await startOurs(parts, around, api, '')), withLog, await startNginx(parts, around, api, 'nginx without a log')];
    const overHttp2 = [...(await startOurs(parts, around, await startApi(parts, files, 'HTTP/2'), '-http2')), withLog];
    const [bearer = ''] = around.signing.pluginTokens(USER, 1);
    const ca = await readFile(api.caFile, 'utf8');
    const rows = [];
    for (const size of SIZES) {
      /** @type {import('./row.mjs').LoadCandidate} */
      const direct = { name: 'direct', sample: () => directSampleOf({ ...read(api.url, '', bearer, size), ca }, scale.seconds) };
      const candidates = [...candidatesOf(readers, bearer, size, scale.seconds), direct];
      rows.push(await loadRow(`Proxied read, ${size.name}`, `${aboutOf(size)}; direct is wrk at that API.`, candidates, scale.turns));
    }
    for (const size of SIZES_OVER_HTTP2) {
      const candidates = candidatesOf(overHttp2, bearer, size, scale.seconds);
      rows.push(await loadRow(`Proxied read, ${size.name} over HTTP/2`, `${aboutOf(size)}. ${ABOUT_HTTP2}`, candidates, scale.turns));
    }
    return rows;
  }),
};

/** @param {Size} size */
function aboutOf({ connections }) {
  return `By ${connections} readers at once, from an API over TLS. Ours verifies the user, sends that user’s token, and writes an audit line; nginx sends one fixed token`;
}

/**
 * @param {Parts} parts
 * @param {Around} around
 * @param {Api} api
 * @param {string} suffix of its logs
 * @returns {Promise<Reader[]>} a backend of each version, with the user logged in
 */
async function startOurs(parts, around, api, suffix) {
  const readers = [];
  for (const { name, binary } of versions()) {
    const logName = `proxy-${name.replaceAll(' ', '-')}${suffix}`;
    const ours = await parts.add(Ours.start(logName, binary, { ...around, cluster: api }, { kind: 'process' }));
    await logIn(ours.url, around.signing.userToken(USER));
    readers.push({ name, server: ours, before: PROXY });
  }
  return readers;
}

/**
 * @param {Parts} parts
 * @param {Around} around
 * @param {Api} api
 * @param {'nginx with an access log' | 'nginx without a log'} name
 * @returns {Promise<Reader>}
 */
async function startNginx(parts, around, api, name) {
  const options = /** @type {const} */ ({ api, bearer: around.signing.userToken(USER), accessLog: name === 'nginx with an access log', carries: 'bulk' });
  return { name, server: await parts.add(startReverseProxy(name.replaceAll(' ', '-'), options)), before: '' };
}

/**
 * @param {Reader[]} readers
 * @param {string} bearer
 * @param {Size} size
 * @param {number} seconds of a turn
 * @returns {import('./row.mjs').LoadCandidate[]}
 */
function candidatesOf(readers, bearer, size, seconds) {
  return readers.map(({ name, server, before }) => ({ name, sample: () => sampleOf({ ...read(server.url, before, bearer, size), pid: server.pid }, seconds) }));
}

/**
 * @param {string} url
 * @param {string} before the path
 * @param {string} bearer
 * @param {Size} size
 * @returns {import('../measuring/sample.mjs').Loaded}
 */
function read(url, before, bearer, { path, bytes, connections }) {
  return { url, status: 200, requests: [{ path: `${before}${path}`, bearer }], connections, bodyBytes: bytes };
}

/** @typedef {Omit<Parameters<typeof startFilesOverTls>[0], 'speaks'> & {caFile: string}} Files */

/** @returns {Promise<Files>} what an API answers with, and its certificate */
async function filesOfApi() {
  const folder = inRepository('target/bench/api');
  // Loaded when it is needed: the packages that it imports are installed by then.
  const { issueCertificates } = await import('../../dev/cluster/certificates.mjs');
  const { authority, certificate, key } = await issueCertificates(new Date());
  const file = (/** @type {string} */ name) => `${folder}/${name}`;
  await mkdir(file('files/api/v1/namespaces/dev'), { recursive: true });
  await writeFile(file('ca.pem'), authority);
  await writeFile(file('server.pem'), certificate);
  await writeFile(file('server.key'), key, { mode: 0o600 });
  for (const { path, bytes } of SIZES) {
    await writeFile(file(`files${path}`), bodyOf(bytes));
  }
  return { caFile: file('ca.pem'), certificate: file('server.pem'), key: file('server.key'), folder: file('files') };
}

/**
 * An API of files over TLS.
 *
 * @param {Parts} parts
 * @param {Files} files
 * @param {import('../peers/nginx.mjs').Spoken} speaks
 * @returns {Promise<Api>}
 */
async function startApi(parts, { caFile, ...files }, speaks) {
  const server = await parts.add(startFilesOverTls({ ...files, speaks }));
  return { url: server.url, caFile };
}

/** @param {number} bytes @returns {string} JSON of exactly so many */
function bodyOf(bytes) {
  const [start, end] = ['{"kind":"PodList","apiVersion":"v1","metadata":{"annotations":{"filled":"', '"}},"items":[]}'];
  return `${start}${'x'.repeat(bytes - start.length - end.length)}${end}`;
}
