#!/usr/bin/env node
// The development cluster; see --help.
import { writeFile } from 'node:fs/promises';
import { createSecureServer } from 'node:http2';
import { createServer } from 'node:https';

import { UsageError } from '../idp/idp-arguments.mjs';
import { announce } from '../idp/lifetime.mjs';
import { api } from './api.mjs';
import { Authenticator } from './authentication.mjs';
import { issueCertificates } from './certificates.mjs';
import { readClusterArguments, USAGE } from './cluster-arguments.mjs';
import { ClusterNode } from './node.mjs';
import { Pods } from './pods.mjs';
import { Streams } from './streams.mjs';
import { upgrades } from './upgrades.mjs';

/** How many streams an HTTP/2 connection may have open at once: 100 to 250 where people have their clusters. */
const STREAMS = 100;

/** An idle connection is kept for as long as by an API server: clients that use theirs again must not meet its end. */
const KEEP_ALIVE_MS = 90_000;

/** As much as an API server takes: tokens can be longer than the 16 KiB that Node takes. */
const HEADER_BYTES = 1 << 20;

/** @typedef {Extract<ReturnType<typeof readClusterArguments>, { help: false }>} ClusterArguments */

/** @param {ClusterArguments} options */
async function start({ issuer, clientId, usernameClaim, caFile, port, http2, node: program, exitWithStdin }) {
  const { authority, certificate, key } = await issueCertificates(new Date());
  await writeFile(caFile, authority);
  const log = (/** @type {string} */ line) => process.stderr.write(`cluster: ${line}\n`);
  const authenticator = new Authenticator({ issuer, clientId, usernameClaim, log });
  const streams = new Streams();
  const node = program === undefined ? undefined : await ClusterNode.start(program);
  const listener = api({ authenticator, cluster: { pods: new Pods(Date.now), streams, ...(node && { node }) }, log });
  const tls = { cert: certificate, key };
  // Requests and answers over HTTP/2 have the types of HTTP/1.1, which the handlers are written for.
  const server = http2
    ? createSecureServer({ ...tls, allowHTTP1: true, settings: { maxConcurrentStreams: STREAMS } }, /** @type {any} */ (listener))
    : createServer({ ...tls, keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: HEADER_BYTES }, listener);
  // As API servers do: without it an answer over HTTP/1.1 of the HTTP/2 server may wait 40 ms for an acknowledgement.
  server.on('connection', (socket) => socket.setNoDelay(true));
  server.on('upgrade', upgrades({ authenticator, ...(node && { node }), streams, otherwise: listener }));
  server.once('error', fail);
  server.listen(port, '127.0.0.1', () => {
    const address = server.address();
    const listening = typeof address === 'object' && address ? address.port : port;
    announce(
      { role: 'cluster', url: `https://127.0.0.1:${listening}`, port: listening, caFile },
      {
        exitWithStdin,
        close: () => {
          server.close();
          node?.stop();
        },
      },
    );
  });
}

/** @param {unknown} error */
function fail(error) {
  const usage = error instanceof UsageError;
  process.stderr.write(`cluster: ${error instanceof Error ? error.message : error}\n${usage ? `\n${USAGE}` : ''}`);
  process.exitCode = usage ? 2 : 1;
}

try {
  const options = readClusterArguments(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(USAGE);
  } else {
    await start(options);
  }
} catch (error) {
  fail(error);
}
