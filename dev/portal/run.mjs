#!/usr/bin/env node
// The portal as a process of its own; see --help.
import { parseArgs } from 'node:util';

import { announce } from '../idp/lifetime.mjs';
import { Portal } from './portal.mjs';

const USAGE = `A small page where Backstage would be, for development and tests only.

  node dev/portal/run.mjs [options]

  --port N           0 (default) takes a free one
  --in-container     listen on all addresses, so that a published port reaches it
  --backend URL      show felix's pods, read through this backend, and pass /api/cluster-auth on to it
  --helper URL       offer "Get K8s access", which hands a login over to this helper
  --headers-of URL   be at https, and send the headers of this running Backstage
  --exit-with-stdin  end when standard input closes
  --help

Its scripts: handOver(helperUrl, sessionToken) submits the form as Backstage's page has to, handOverUnprepared(…) without the
<meta name="referrer"> that this takes.
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'in-container': { type: 'boolean', default: false },
    backend: { type: 'string', default: '' },
    helper: { type: 'string', default: '' },
    'headers-of': { type: 'string' },
    'exit-with-stdin': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(USAGE);
} else {
  const options = { port: Number(values.port), inContainer: values['in-container'], headersOf: values['headers-of'] };
  const portal = await Portal.start(options);
  portal.backend = values.backend;
  portal.helper = values.helper;
  const { url, port, headers } = portal;
  announce({ role: 'portal', url, port, headers }, { exitWithStdin: values['exit-with-stdin'], close: () => portal.stop() });
}
