#!/usr/bin/env node
// The development Backstage; see --help.
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { createBackend } from '@backstage/backend-defaults';
import { rootConfigServiceFactory } from '@backstage/backend-defaults/rootConfig';

import { freePort } from '../idp/loopback.mjs';
import { readBackstageArguments, USAGE, UsageError } from './backstage-arguments.mjs';
import { callingPlugin } from './calling-plugin.mjs';
import { consentPageStandIn } from './consent-page.mjs';
import { KEY_ID, tokenKeys } from './token-keys.mjs';
import { usersInCatalog } from './users-in-catalog.mjs';

/** @typedef {Extract<ReturnType<typeof readBackstageArguments>, { help: false }>} BackstageArguments */

/** @param {BackstageArguments} options */
async function start(options) {
  const announce = reserveStandardOutput();
  const metadataUrl = await reachableMetadata(options.idpIssuer);
  // The base URL names the port, so it must be known before Backstage listens.
  const port = options.port || (await freePort());
  const url = `http://localhost:${port}`;
  Object.assign(process.env, await configurationVariables(options, { port, url, metadataUrl }));

  const backend = createBackend();
  const files = [
    'app-config.yaml',
    ...(options.pluginKeysDirectory ? ['app-config.plugin-keys.yaml'] : []),
    ...(options.oauthClient ? ['app-config.oauth-client.yaml'] : []),
  ];
  const paths = files.map((file) => fileURLToPath(new URL(file, import.meta.url)));
  const argv = [...paths, ...(options.config ? [resolve(options.config)] : [])].flatMap((path) => ['--config', path]);
  backend.add(rootConfigServiceFactory({ argv }));
  backend.add(import('@backstage/plugin-auth-backend'));
  backend.add(import('@backstage/plugin-auth-backend-module-guest-provider'));
  backend.add(import('@backstage/plugin-auth-backend-module-oidc-provider'));
  backend.add(import('@backstage/plugin-catalog-backend'));
  backend.add(usersInCatalog);
  backend.add(consentPageStandIn);
  backend.add(callingPlugin('kubernetes'));
  backend.add(callingPlugin('stranger'));
  await backend.start();
  if (options.exitWithStdin) {
    process.stdin.once('close', () => process.exit(0));
    process.stdin.resume();
  }
  announce({ role: 'backstage', url, port });
}

/**
 * Backstage logs to standard output, which must carry nothing but the announcement: its log goes to standard error instead.
 *
 * @returns {(announcement: object) => void} writes that line
 */
function reserveStandardOutput() {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  return (announcement) => {
    write(`${JSON.stringify(announcement)}\n`);
  };
}

/**
 * Backstage asks once, when it starts, and can sign no user in when that fails.
 *
 * @param {string} issuer
 * @returns {Promise<string>} where its metadata is
 */
async function reachableMetadata(issuer) {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(url).catch(() => undefined);
  if (!response?.ok) {
    throw new Error(`No identity provider answers at ${url}; start it first, or correct --idp-issuer.`);
  }
  return url;
}

/**
 * @param {BackstageArguments} options
 * @param {{port: number, url: string, metadataUrl: string}} found
 */
async function configurationVariables(options, { port, url, metadataUrl }) {
  const { clientId, clientSecret, keysDirectory, pluginKeysDirectory, clusterAuthUrl } = options;
  const { publicKeyFile, privateKeyFile } = await tokenKeys(resolve(keysDirectory));
  const pluginKeys = pluginKeysDirectory && (await tokenKeys(resolve(pluginKeysDirectory)));
  return {
    BACKSTAGE_URL: url,
    BACKSTAGE_PORT: String(port),
    BACKSTAGE_SESSION_SECRET: randomBytes(32).toString('hex'),
    BACKSTAGE_KEY_ID: KEY_ID,
    BACKSTAGE_PUBLIC_KEY_FILE: publicKeyFile,
    BACKSTAGE_PRIVATE_KEY_FILE: privateKeyFile,
    ...(pluginKeys && {
      PLUGIN_PUBLIC_KEY_FILE: pluginKeys.publicKeyFile,
      PLUGIN_PRIVATE_KEY_FILE: pluginKeys.privateKeyFile,
    }),
    IDP_METADATA_URL: metadataUrl,
    IDP_CLIENT_ID: clientId,
    IDP_CLIENT_SECRET: clientSecret,
    USERS_FILE: fileURLToPath(new URL('users.yaml', import.meta.url)),
    ...(clusterAuthUrl && { CLUSTER_AUTH_URL: clusterAuthUrl }),
  };
}

try {
  const options = readBackstageArguments(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(USAGE);
  } else {
    await start(options);
  }
} catch (error) {
  const usage = error instanceof UsageError;
  process.stderr.write(`backstage: ${error instanceof Error ? error.message : error}\n${usage ? `\n${USAGE}` : ''}`);
  process.exit(usage ? 2 : 1);
}
