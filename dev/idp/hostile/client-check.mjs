import { importSPKI, jwtVerify } from 'jose';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** @type {Set<string>} each counts once */
const seenAssertions = new Set();

/** @typedef {{ issuer: string, clientId: string, now: number }} Parties and the time, in seconds since the epoch */

/**
 * @typedef {object} Refusal
 * @property {number} status
 * @property {{ error: string, error_description: string }} body
 */

/**
 * Whether a token request shows the client as its profile wants it.
 *
 * @param {import('./profile.mjs').ClientCheck} wanted
 * @param {import('node:http').IncomingHttpHeaders} headers
 * @param {URLSearchParams} parameters
 * @param {Parties} parties
 * @returns {Promise<Refusal | undefined>} nothing when it does
 */
export async function refusalOf(wanted, headers, parameters, parties) {
  if (wanted.origin && headers.origin !== wanted.origin) {
    return {
      status: 400,
      // Entra's own words.
      body: {
        error: 'invalid_request',
        error_description: "AADSTS9002327: Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.",
      },
    };
  }
  const shown = await isShown(wanted, headers, parameters, parties);
  return shown ? undefined : { status: 401, body: { error: 'invalid_client', error_description: 'Client authentication failed.' } };
}

/**
 * @param {import('./profile.mjs').ClientCheck} wanted
 * @param {import('node:http').IncomingHttpHeaders} headers
 * @param {URLSearchParams} parameters
 * @param {Parties} parties
 */
async function isShown({ method, secret = '', publicKey = '' }, headers, parameters, parties) {
  const secrets = [secret].flat();
  switch (method) {
    case 'client_secret_basic':
      return secrets.some((one) => headers.authorization === basic(parties.clientId, one)) && !parameters.has('client_secret');
    case 'client_secret_post':
      return !headers.authorization && secrets.includes(parameters.get('client_secret') ?? '');
    case 'private_key_jwt':
      return !headers.authorization && isAsserted(publicKey, parameters, parties);
    default:
      return !headers.authorization && !parameters.has('client_secret') && !parameters.has('client_assertion');
  }
}

/**
 * @param {string} clientId
 * @param {string} secret
 */
function basic(clientId, secret) {
  // RFC 6749, 2.3.1: both parts are form-encoded before they are joined.
  const pair = [clientId, secret].map((part) => new URLSearchParams({ part }).toString().slice('part='.length));
  return `Basic ${btoa(pair.join(':'))}`;
}

/**
 * @param {string} publicKey
 * @param {URLSearchParams} parameters
 * @param {Parties} parties
 */
async function isAsserted(publicKey, parameters, { issuer, clientId, now }) {
  if (parameters.get('client_assertion_type') !== ASSERTION_TYPE) {
    return false;
  }
  try {
    const { payload } = await jwtVerify(parameters.get('client_assertion') ?? '', await importSPKI(publicKey, 'ES256'), {
      issuer: clientId, subject: clientId, audience: issuer, maxTokenAge: 60, requiredClaims: ['jti', 'exp', 'iat'],
      currentDate: new Date(now * 1000),
    });
    const { jti = '', exp = 0, iat = 0, aud } = payload;
    const isNew = !seenAssertions.has(jti);
    seenAssertions.add(jti);
    return isNew && exp - iat === 60 && aud === issuer;
  } catch {
    return false;
  }
}
