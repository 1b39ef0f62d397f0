#!/usr/bin/env node
// A healthcheck in compose.yaml: node compose/answers.mjs URL ends with 0 when a server answers there, with any status.
const response = await fetch(process.argv[2] ?? '', { redirect: 'manual', signal: AbortSignal.timeout(2000) }).catch((error) => error);
if (response instanceof Error) {
  process.stderr.write(`${response.message}: ${response.cause}\n`);
  process.exitCode = 1;
}
