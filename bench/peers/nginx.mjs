import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { freePort } from '../../dev/idp/loopback.mjs';
import { inRepository } from '../../dev/setup/repository.mjs';
import { listening, partyProgram, pidOf, serverProgram } from './program.mjs';

/** More than any row opens at once. */
const CONNECTIONS = 12_000;

/**
 * nginx as a reverse proxy before an API over TLS: it checks no user, and sends one bearer token with every request.
 *
 * @param {string} name
 * @param {object} options
 * @param {{url: string, caFile: string}} options.api
 * @param {string} options.bearer
 * @param {boolean} options.accessLog whether it writes a line for each request, as ours does
 * @returns {Promise<import('./peer.mjs').Peer>}
 */
export async function startReverseProxy(name, { api, bearer, accessLog }) {
  const port = await freePort();
  const server = `
  map $http_upgrade $wanted { default upgrade; '' ''; }
  upstream api { server ${new URL(api.url).host}; keepalive 64; }
  server {
    listen 127.0.0.1:${port} backlog=8192;
    access_log ${accessLog ? `${inRepository('target/bench/logs')}/${name}.access.log` : 'off'};
    location / {
      proxy_pass https://api;
      proxy_http_version 1.1;
      proxy_set_header Connection $wanted;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Authorization "Bearer ${bearer}";
      proxy_ssl_verify on;
      proxy_ssl_name localhost;
      proxy_ssl_trusted_certificate ${api.caFile};
      proxy_read_timeout 600s;
    }
  }`;
  return start(name, 'server', port, server, 'http');
}

/**
 * nginx as an API server that is never the limit: files over TLS, of which it checks nothing.
 *
 * @param {{certificate: string, key: string, folder: string}} files
 * @returns {Promise<import('./peer.mjs').Peer>}
 */
export async function startFilesOverTls({ certificate, key, folder }) {
  const port = await freePort();
  const server = `
  server {
    listen 127.0.0.1:${port} ssl backlog=8192;
    ssl_certificate ${certificate};
    ssl_certificate_key ${key};
    access_log off;
    root ${folder};
  }`;
  return start('files-over-tls', 'party', port, server, 'https');
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
  keepalive_requests 1000000;
  keepalive_timeout 300s;
${server}
}
`;
}
