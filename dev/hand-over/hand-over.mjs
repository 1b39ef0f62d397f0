#!/usr/bin/env node
// A page that hands sessions over to the helper, as Backstage's own will; see --help.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { parseArgs } from 'node:util';

import { issueCertificates } from '../cluster/certificates.mjs';
import { announce } from '../idp/lifetime.mjs';

const USAGE = `A page at https://localhost that goes out with the headers of a running Backstage, for tests only.

  node dev/hand-over/hand-over.mjs --backstage URL [--exit-with-stdin]

Its scripts: handOver(helperUrl, sessionToken) submits the form as Backstage's page has to, handOverUnprepared(…) without the
<meta name="referrer"> that this takes.
`;

/** What belongs to one answer, not to all of a server's. */
const OF_ONE_ANSWER = ['connection', 'content-length', 'content-type', 'date', 'etag', 'keep-alive', 'transfer-encoding'];

const PAGE = '<!doctype html><title>Backstage</title><script src="/page.js"></script><h1>Backstage</h1>';

/** @param {string} backstage */
async function headersOf(backstage) {
  const answer = await fetch(backstage);
  return Object.fromEntries([...answer.headers].filter(([name]) => !OF_ONE_ANSWER.includes(name)));
}

/**
 * @param {string} backstage
 * @param {boolean} exitWithStdin
 */
async function start(backstage, exitWithStdin) {
  const headers = await headersOf(backstage);
  const script = await readFile(new URL('page.js', import.meta.url));
  const { certificate, key } = await issueCertificates(new Date());
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const isScript = request.url === '/page.js';
    response.writeHead(200, { ...headers, 'content-type': isScript ? 'text/javascript' : 'text/html' });
    response.end(isScript ? script : PAGE);
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const close = () => {
      server.close();
      server.closeAllConnections();
    };
    announce({ role: 'hand-over', url: `https://localhost:${port}`, headers }, { exitWithStdin, close });
  });
}

const { values } = parseArgs({
  options: { backstage: { type: 'string' }, 'exit-with-stdin': { type: 'boolean', default: false }, help: { type: 'boolean' } },
});
if (values.help || !values.backstage) {
  process.stdout.write(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  await start(values.backstage, values['exit-with-stdin']);
}
