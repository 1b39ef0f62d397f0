import { parseArgs } from 'node:util';

import { KEY_ID } from './token-keys.mjs';

export const USAGE = `A real Backstage backend without a frontend, for development and tests only.

  node dev/backstage/backstage.mjs --idp-issuer URL --client-id ID --client-secret SECRET --keys-dir DIR [options]

  --idp-issuer URL         the identity provider of its users; must be running already
  --client-id ID, --client-secret SECRET
                           its confidential client there, with the redirect URI
                           http://localhost:PORT/api/auth/oidc/handler/frame
  --keys-dir DIR           where the key that signs user tokens is, or is made: public.pem, private.pem (ES256, kid
                           ${KEY_ID}); with private.pem, a test can sign tokens that this Backstage vouches for
  --plugin-keys-dir DIR    the same for the key that signs the tokens of all plugins; without it each makes keys of its own
  --config FILE            configuration on top
  --oauth-client           know the helper as an OAuth client (auth.staticClients), with refresh tokens
  --port N                 0 (default) takes a free one
  --cluster-auth-url URL   what /api/kubernetes/call calls
  --exit-with-stdin        end when standard input closes
  --help

Signs in user:default/felix and user:default/mara at /api/auth/oidc (sign_in.mjs does it without a browser), and
user:default/guest with POST /api/auth/guest/refresh. /oauth2/authorize/{session} stands in for the consent page of a frontend.

Two plugins call other plugins for the signed-in user: kubernetes, and stranger, which no other plugin trusts.
  POST /api/{kubernetes,stranger}/call       {path, method?, target?, onBehalfOf?} → {status, body}
  POST /api/{kubernetes,stranger}/obo-token  {target?, onBehalfOf?} → {token}
target is the plugin the token is for (default cluster-auth), onBehalfOf "user" (default) or "plugin" (no user).
`;

/** A command line that cannot be carried out; the message says what to change. */
export class UsageError extends Error {}

/**
 * @param {string[]} argv without node and the script
 * @throws {UsageError}
 */
export function readBackstageArguments(argv) {
  const values = parse(argv);
  if (values.help) {
    return { help: /** @type {const} */ (true) };
  }
  return {
    help: /** @type {const} */ (false),
    exitWithStdin: values['exit-with-stdin'],
    port: portNumber(values.port),
    idpIssuer: required('--idp-issuer', values['idp-issuer']),
    clientId: required('--client-id', values['client-id']),
    clientSecret: required('--client-secret', values['client-secret']),
    keysDirectory: required('--keys-dir', values['keys-dir']),
    pluginKeysDirectory: values['plugin-keys-dir'],
    config: values.config,
    oauthClient: values['oauth-client'],
    clusterAuthUrl: values['cluster-auth-url'],
  };
}

/** @param {string[]} argv */
function parse(argv) {
  try {
    return parseArgs({
      args: argv,
      options: {
        'idp-issuer': { type: 'string' },
        'client-id': { type: 'string' },
        'client-secret': { type: 'string' },
        'keys-dir': { type: 'string' },
        'plugin-keys-dir': { type: 'string' },
        config: { type: 'string' },
        'oauth-client': { type: 'boolean', default: false },
        port: { type: 'string', default: '0' },
        'cluster-auth-url': { type: 'string' },
        'exit-with-stdin': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/**
 * @param {string} name
 * @param {string | undefined} value
 */
function required(name, value) {
  if (!value) {
    throw new UsageError(`${name} is missing; give one.`);
  }
  return value;
}

/** @param {string} value */
function portNumber(value) {
  const port = Number(value);
  if (value === '' || !Number.isInteger(port) || port < 0 || port > 65535) {
    throw new UsageError('--port must be a whole number from 0 to 65535; give such a number.');
  }
  return port;
}
