#!/usr/bin/env node
// What stands in for Backstage in compose.yaml: node compose/portal.mjs PORT BACKEND HELPER
import { Portal } from '../demo/portal.mjs';

const [port = '', backend = '', helper = ''] = process.argv.slice(2);
const portal = await Portal.startForContainers(Number(port));
portal.backend = backend;
portal.helper = helper;
process.stdout.write(`Open ${portal.url}/\n`);
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => portal.stop());
}
