#!/usr/bin/env node
// The development cluster; see --help.
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';

import { UsageError } from '../idp/idp-arguments.mjs';
import { announce } from '../idp/lifetime.mjs';
import { api } from './api.mjs';
import { Authenticator } from './authentication.mjs';
import { issueCertificates } from './certificates.mjs';
import { readClusterArguments, USAGE } from './cluster-arguments.mjs';
import { Pods } from './pods.mjs';

/** @typedef {Extract<ReturnType<typeof readClusterArguments>, { help: false }>} ClusterArguments */

/** @param {ClusterArguments} options */
async function start({ issuer, clientId, caFile, port, exitWithStdin }) {
  const { authority, certificate, key } = await issueCertificates(new Date());
  await writeFile(caFile, authority);
  const log = (/** @type {string} */ line) => process.stderr.write(`cluster: ${line}\n`);
  const authenticator = new Authenticator({ issuer, clientId, log });
  const server = createServer({ cert: certificate, key }, api({ authenticator, pods: new Pods(Date.now), log }));
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
          server.closeAllConnections();
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
