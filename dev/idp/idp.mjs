#!/usr/bin/env node
// The development identity provider; see --help.
import { randomBytes } from 'node:crypto';

import { controlApi } from './control-api.mjs';
import { readIdpArguments, USAGE, UsageError } from './idp-arguments.mjs';
import { Interference } from './interference.mjs';
import { Ledger } from './ledger.mjs';
import { announce } from './lifetime.mjs';
import { handleLogin } from './login.mjs';
import { LoopbackServer } from './loopback.mjs';
import { buildProvider } from './provider.mjs';
import { SigningKeys } from './signing-keys.mjs';
import { TokenStore } from './token-store.mjs';

/** The public client's id, as a cluster's API server expects it in `aud`. */
const CLIENT_ID = 'kubernetes';

/** @param {ReturnType<typeof readIdpArguments>} options */
async function start(options) {
  const server = await (options.inContainer ? LoopbackServer.listenBeyond(options.port) : LoopbackServer.listen(options.port));
  const { port } = server;
  const { organization } = options;
  const settings = { ...options, issuer: options.issuer ?? `http://localhost:${port}/`, clientId: CLIENT_ID };
  const ledger = new Ledger(options.ledger);
  const interference = new Interference(ledger, options.rotation);
  const state = {
    tokens: new TokenStore({ overlapSeconds: options.overlapSeconds, extent: options.extent, now: Date.now }),
    organizations: new Map(),
    cookieKeys: [randomBytes(32).toString('hex')],
    idTokenSecondsOf: new Map(),
    ledger,
    interference,
  };
  const keys = await SigningKeys.generate();
  let provider = buildProvider(settings, state, keys);
  const control = controlApi({
    interference,
    setIdTokenLifetime: ({ seconds, clientId }) => {
      if (clientId === undefined) {
        settings.idTokenSeconds = seconds;
      } else {
        state.idTokenSecondsOf.set(clientId, seconds);
      }
    },
    rotateKeys: async (oldKeys) => {
      await keys.rotate(oldKeys);
      provider = buildProvider(settings, state, keys);
    },
  });

  server.serve((request, response) => {
    const path = request.url ?? '/';
    const answered = path.startsWith('/control/') ? control(request, response)
      : path.startsWith('/interaction/') ? handleLogin(provider, state.organizations, request, response)
      : provider.callback()(request, response);
    Promise.resolve(answered).catch((error) => {
      process.stderr.write(`idp: ${error.stack}\n`);
      response.destroy();
    });
  });
  announce(
    { role: 'idp', issuer: settings.issuer, port, clientId: CLIENT_ID, organization },
    { exitWithStdin: options.exitWithStdin, close: () => server.close() },
  );
}

try {
  const options = readIdpArguments(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(USAGE);
  } else {
    await start(options);
  }
} catch (error) {
  const usage = error instanceof UsageError;
  process.stderr.write(`idp: ${error instanceof Error ? error.message : error}\n${usage ? `\n${USAGE}` : ''}`);
  process.exitCode = usage ? 2 : 1;
}
