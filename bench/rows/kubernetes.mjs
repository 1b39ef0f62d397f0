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

/** Reads through the Kubernetes proxy, beside nginx, which checks no user. @type {import('./row.mjs').Group} */
export const KUBERNETES = {
  name: 'kubernetes',
  measure: (scale) => Parts.around(async (parts) => {
    const api = await startApi(parts);
    const around = await startAround(parts);
    const readers = [];
    for (const { name, binary } of versions()) {
      const logName = `proxy-${name.replaceAll(' ', '-')}`;
      const ours = await parts.add(Ours.start(logName, binary, { ...around, cluster: api }, { kind: 'process' }));
      await logIn(ours.url, around.signing.userToken(USER));
      readers.push({ name, server: ours, before: PROXY });
    }
    for (const accessLog of [true, false]) {
      const name = accessLog ? 'nginx with an access log' : 'nginx without a log';
      const bearer = around.signing.userToken(USER);
      const server = await parts.add(startReverseProxy(name.replaceAll(' ', '-'), { api, bearer, accessLog }));
      readers.push({ name, server, before: '' });
    }
    const [bearer = ''] = around.signing.pluginTokens(USER, 1);
    const ca = await readFile(api.caFile, 'utf8');
    const rows = [];
    for (const size of SIZES) {
      /** @type {import('./row.mjs').LoadCandidate[]} */
      const candidates = readers.map(({ name, server, before }) => ({
        name, sample: () => sampleOf({ ...read(server.url, before, bearer, size), pid: server.pid }, scale.seconds),
      }));
      candidates.push({ name: 'direct', sample: () => directSampleOf({ ...read(api.url, '', bearer, size), ca }, scale.seconds) });
      rows.push(await loadRow(`Proxied read, ${size.name}`, aboutOf(size), candidates, scale.turns));
    }
    return rows;
  }),
};

/** @param {Size} size */
function aboutOf({ connections }) {
  return `By ${connections} readers at once, from an API over TLS. Ours verifies the user, sends that user’s token, and writes an audit line; nginx sends one fixed token; direct is wrk at that API.`;
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

/**
 * An API of files over TLS.
 *
 * @param {Parts} parts
 * @returns {Promise<{url: string, caFile: string}>}
 */
async function startApi(parts) {
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
  const server = await parts.add(startFilesOverTls({ certificate: file('server.pem'), key: file('server.key'), folder: file('files') }));
  return { url: server.url, caFile: file('ca.pem') };
}

/** @param {number} bytes @returns {string} JSON of exactly so many */
function bodyOf(bytes) {
  const [start, end] = ['{"kind":"PodList","apiVersion":"v1","metadata":{"annotations":{"filled":"', '"}},"items":[]}'];
  return `${start}${'x'.repeat(bytes - start.length - end.length)}${end}`;
}
