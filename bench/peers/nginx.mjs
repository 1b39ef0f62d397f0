import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { freePort } from '../../dev/idp/loopback.mjs';
import { inRepository } from '../../dev/setup/repository.mjs';
import { listening, partyProgram, pidOf, serverProgram } from './program.mjs';

/** More than any row opens at once. */
const CONNECTIONS = 12_000;

/** More than any row asks on one. */
const REQUESTS_A_CONNECTION = 100_000_000;

/** @typedef {'HTTP/1.1' | 'HTTP/2'} Spoken */

/** What goes through a proxy: answers and the output of commands, as much as comes, or thousands of watches, which say little each. @typedef {'bulk' | 'watches'} Carried */

/**
 * How much nginx reads at once. Unbuffered it reads into this one piece and writes it out again, so that it copies within the processor's cache. As it is
 * installed it fills many small ones, and writes what a slower reader leaves to a file, which takes twice as long for 1 MB; many large ones without
 * a file are no quicker. A watch needs no more than a page.
 *
 * @type {Record<Carried, string>}
 */
const BUFFERS = { bulk: '64k', watches: '4k' };

/**
 * nginx as a reverse proxy before an API over TLS, as an operator sets it: it checks no user, and sends one bearer token with every request.
 *
 * @param {string} name
 * @param {object} options
 * @param {{url: string, caFile: string}} options.api
 * @param {string} options.bearer
 * @param {boolean} options.accessLog whether it writes a line for each request, as ours does
 * @param {Carried} options.carries
 * @returns {Promise<import('./peer.mjs').Peer>}
 */
export async function startReverseProxy(name, { api, bearer, accessLog, carries }) {
  const port = await freePort();
  const log = accessLog ? `${inRepository('target/bench/logs')}/${name}.access.log` : 'off';
  return start(name, 'server', port, proxyServer({ port, api, bearer, log, carries }), 'http');
}

/** @param {{port: number, api: {url: string, caFile: string}, bearer: string, log: string, carries: Carried}} proxy @returns {string} its block */
export function proxyServer({ port, api, bearer, log, carries }) {
  // A connection to the API is used again for as long as the run, as ours does: nginx would open a new one after 1,000 requests.
  return `
  map $http_upgrade $wanted { default upgrade; '' ''; }
  upstream api { server ${new URL(api.url).host}; keepalive 64; keepalive_requests ${REQUESTS_A_CONNECTION}; }
  server {
    listen 127.0.0.1:${port} backlog=8192;
    access_log ${log};
    location / {
      proxy_pass https://api;
      proxy_http_version 1.1;
      proxy_set_header Connection $wanted;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Authorization "Bearer ${bearer}";
      proxy_buffering off;
      proxy_buffer_size ${BUFFERS[carries]};
      proxy_buffers 8 ${BUFFERS[carries]};
      proxy_ssl_verify on;
      proxy_ssl_name localhost;
      proxy_ssl_trusted_certificate ${api.caFile};
      proxy_read_timeout 600s;
    }
  }`;
}

/**
 * nginx as an API server that is never the limit: files over TLS, of which it checks nothing.
 *
 * @param {{certificate: string, key: string, folder: string, speaks: Spoken}} files
 * @returns {Promise<import('./peer.mjs').Peer>}
 */
export async function startFilesOverTls(files) {
  const port = await freePort();
  return start(`files-over-${files.speaks.toLowerCase().replace('/', '-')}`, 'party', port, filesServer(port, files), 'https');
}

/**
 * @param {number} port
 * @param {Parameters<typeof startFilesOverTls>[0]} files
 * @returns {string} its block
 */
export function filesServer(port, { certificate, key, folder, speaks }) {
  // HTTP/1.1 is offered beside HTTP/2, as API servers do, but what is asked so is refused: a row about HTTP/2 can be of nothing else. The frames
  // are as long as those of Go's servers.
  const http2 = 'http2_chunk_size 16k;\n    if ($server_protocol != HTTP/2.0) { return 505; }';
  return `
  server {
    listen 127.0.0.1:${port} ssl${speaks === 'HTTP/2' ? ' http2' : ''} backlog=8192;
    ssl_certificate ${certificate};
    ssl_certificate_key ${key};
    access_log off;
    root ${folder};
    ${speaks === 'HTTP/2' ? http2 : ''}
  }`;
}

/**
 * @param {string} name
 * @param {'server' | 'party'} as
 * @param {number} port
 * @param {string} server its block
 * @param {'http' | 'https'} scheme
 * @returns {Promise<import('./peer.mjs').Peer>}
 */
async function start(name, as, port, server, scheme) {
  const folder = inRepository('target/bench/nginx', name);
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'nginx.conf');
  await writeFile(file, configuration(folder, server));
  const line = ['nginx', '-p', folder, '-e', 'stderr', '-c', file];
  const program = as === 'server' ? serverProgram(name, line) : partyProgram(name, line);
  await listening(program, port);
  return { url: `${scheme}://127.0.0.1:${port}`, pid: pidOf(program), stop: () => program.stop() };
}

/** @param {string} folder @param {string} server */
function configuration(folder, server) {
  const bodies = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `  ${kind}_temp_path ${folder}/${kind};`).join('\n');
  // As root it would give its workers another user, who may not read the checkout.
  return `${process.getuid?.() === 0 ? 'user root;\n' : ''}daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections ${CONNECTIONS}; }
http {
${bodies}
  default_type application/json;
  sendfile on;
  tcp_nopush on;
  keepalive_requests ${REQUESTS_A_CONNECTION};
  keepalive_timeout 300s;
${server}
}
`;
}
