import assert from 'node:assert/strict';
import { test } from 'node:test';

import { filesServer, proxyServer } from './nginx.mjs';

const PROXY = { port: 1, api: { url: 'https://127.0.0.1:2', caFile: '/ca.pem' }, bearer: 't', log: 'off' };
const FILES = { certificate: '/server.pem', key: '/server.key', folder: '/files' };

test('the proxy keeps its connections, and reads much or little at once', () => {
  const bulk = proxyServer({ ...PROXY, carries: 'bulk' });
  assert.match(bulk, /keepalive 64; keepalive_requests 100000000;/);
  assert.match(bulk, /proxy_buffering off;\n +proxy_buffer_size 64k;/);
  assert.match(proxyServer({ ...PROXY, carries: 'watches' }), /proxy_buffering off;\n +proxy_buffer_size 4k;/);
});

test('an API over HTTP/2 refuses what comes otherwise, and one over HTTP/1.1 does not offer it', () => {
  assert.match(filesServer(1, { ...FILES, speaks: 'HTTP/2' }), /listen 127\.0\.0\.1:1 ssl http2 [^]*if \(\$server_protocol != HTTP\/2\.0\) \{ return 505; \}/);
  assert.doesNotMatch(filesServer(1, { ...FILES, speaks: 'HTTP/1.1' }), /http2|return/);
});
