#!/usr/bin/env node
// A healthcheck in compose.yaml: node compose/answers.mjs URL ends with 0 when something answers there, whatever it says.
const response = await fetch(process.argv[2] ?? '', { redirect: 'manual', signal: AbortSignal.timeout(2000) }).catch((error) => error);
if (response instanceof Error) {
  process.stderr.write(`${response.message}: ${response.cause}\n`);
  process.exitCode = 1;
}
