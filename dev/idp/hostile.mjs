#!/usr/bin/env node
// The hostile identity provider; see --help.
import { parseArgs } from 'node:util';

import { control } from './hostile/control.mjs';
import { HostileEndpoints } from './hostile/endpoints.mjs';
import { IdTokenForger } from './hostile/id-token.mjs';
import { LIES } from './hostile/lies.mjs';
import { PROFILES, profileNamed } from './hostile/profiles.mjs';
import { Ledger } from './ledger.mjs';
import { announce } from './lifetime.mjs';
import { LoopbackServer } from './loopback.mjs';

const USAGE = `An OpenID Connect provider that lies about one thing at a time, for development and tests only.

  node dev/idp/hostile.mjs [--port N] [--profile NAME] [--ledger FILE] [--exit-with-stdin] [--help]

--profile, or POST /control/profile {"name":NAME}: like that provider, one of ${PROFILES.join(', ')}.
POST /control/lie {"lie":"none"} or one of: ${LIES.join(', ')}.
`;

const CLIENT_ID = 'kubernetes';

/** @param {{ port: string, profile?: string | undefined, ledger?: string | undefined, 'exit-with-stdin': boolean }} options */
async function start(options) {
  const profile = options.profile === undefined ? {} : profileNamed(options.profile);
  const server = await LoopbackServer.listen(Number(options.port));
  const { port } = server;
  const issuer = `http://localhost:${port}/`;
  const endpoints = new HostileEndpoints({
    issuer, clientId: CLIENT_ID, forger: await IdTokenForger.generate(), ledger: new Ledger(options.ledger),
  });
  endpoints.become(profile);
  server.serve((request, response) => {
    const answered = request.url?.startsWith('/control/')
      ? control(endpoints, request, response)
      : endpoints.answer(request, response);
    answered.catch((error) => {
      process.stderr.write(`hostile-idp: ${error.stack}\n`);
      response.destroy();
    });
  });
  announce(
    { role: 'hostile-idp', issuer, port, clientId: CLIENT_ID, lies: LIES, profiles: PROFILES },
    { exitWithStdin: options['exit-with-stdin'], close: () => server.close() },
  );
}

try {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      profile: { type: 'string' },
      ledger: { type: 'string' },
      'exit-with-stdin': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
  } else {
    await start(values);
  }
} catch (error) {
  process.stderr.write(`hostile-idp: ${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  process.exitCode = 1;
}
