#!/usr/bin/env node
// The keys that a Backstage publishes, and nothing else of it: what the backend fetches. A process of its own, so that it never waits for
// the load. The keys themselves are made and used by signing.mjs.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { announce } from '../../dev/idp/lifetime.mjs';
import { LoopbackServer } from '../../dev/idp/loopback.mjs';

const { values } = parseArgs({ options: { keys: { type: 'string', default: '' }, 'exit-with-stdin': { type: 'boolean', default: false } } });
const keys = await readFile(values.keys);
const server = await LoopbackServer.listen(0);
server.serve((request, response) => {
  const known = request.url?.endsWith('/jwks.json');
  response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' }).end(known ? keys : '{}');
});
announce({ role: 'backstage', issuer: `http://localhost:${server.port}`, port: server.port }, {
  exitWithStdin: values['exit-with-stdin'],
  close: () => server.close(),
});
