import { parseArgs } from 'node:util';

export const USAGE = `A real OpenID Connect provider with the manners of the first users' tenant, for development and tests only.

  node dev/idp/idp.mjs [options]

  --port N                    0 (default) takes a free one
  --issuer URL                default http://localhost:PORT/
  --in-container              listen on every address, not on loopback only
  --ledger FILE               append every secret that passes through, one JSON line each
  --access-ttl S              seconds an access token lives (default 86400)
  --id-ttl S                  seconds an ID token lives (default 259200)
  --overlap S                 seconds the refresh token just before the newest still succeeds (default 0)
  --no-rotation               a refresh brings no refresh token: the old one counts on
  --revocation-ends person    one revoked token ends all that its person has at the client (default login: that login alone)
  --organization ID           the organization there is (default org_dev)
  --extra-client-id ID, --extra-client-secret SECRET, --extra-redirect URI[,URI]
                              a second, confidential client: all three or none
  --exit-with-stdin           end when standard input closes
  --help
`;

/** A command line that cannot be carried out; the message says what to change. */
export class UsageError extends Error {}

/**
 * @param {string[]} argv without node and the script
 */
export function readIdpArguments(argv) {
  const values = parse(argv);
  return {
    help: values.help,
    exitWithStdin: values['exit-with-stdin'],
    port: wholeNumber('--port', values.port, 0),
    issuer: values.issuer,
    inContainer: values['in-container'],
    ledger: values.ledger,
    organization: values.organization,
    accessTokenSeconds: wholeNumber('--access-ttl', values['access-ttl'], 1),
    idTokenSeconds: wholeNumber('--id-ttl', values['id-ttl'], 1),
    overlapSeconds: wholeNumber('--overlap', values.overlap, 0),
    rotation: /** @type {import('./provider.mjs').Rotation} */ (values['no-rotation'] ? 'none' : 'every-refresh'),
    extent: extent(values['revocation-ends']),
    confidentialClient: confidentialClient(
      values['extra-client-id'], values['extra-client-secret'], values['extra-redirect'],
    ),
  };
}

/** @param {string[]} argv */
function parse(argv) {
  try {
    return parseArgs({
      args: argv,
      options: {
        port: { type: 'string', default: '0' },
        issuer: { type: 'string' },
        'in-container': { type: 'boolean', default: false },
        ledger: { type: 'string' },
        'access-ttl': { type: 'string', default: '86400' },
        'id-ttl': { type: 'string', default: '259200' },
        overlap: { type: 'string', default: '0' },
        'no-rotation': { type: 'boolean', default: false },
        'revocation-ends': { type: 'string', default: 'login' },
        organization: { type: 'string', default: 'org_dev' },
        'extra-client-id': { type: 'string' },
        'extra-client-secret': { type: 'string' },
        'extra-redirect': { type: 'string' },
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
 * @param {string} value
 * @param {number} least
 */
function wholeNumber(name, value, least) {
  const number = Number(value);
  if (value === '' || !Number.isInteger(number) || number < least) {
    throw new UsageError(`${name} must be a whole number of at least ${least}; give such a number.`);
  }
  return number;
}

/**
 * @param {string} value
 * @returns {import('./token-store.mjs').Extent}
 */
function extent(value) {
  if (value !== 'login' && value !== 'person') {
    throw new UsageError('--revocation-ends is login or person; give one of them.');
  }
  return value;
}

/**
 * @param {string | undefined} id
 * @param {string | undefined} secret
 * @param {string | undefined} redirectUri
 */
function confidentialClient(id, secret, redirectUri) {
  if (id && secret && redirectUri) {
    return { id, secret, redirectUris: redirectUri.split(',') };
  }
  if (id || secret || redirectUri) {
    throw new UsageError('--extra-client-id, --extra-client-secret and --extra-redirect belong together; give all three.');
  }
  return undefined;
}
