import { errors, Provider } from 'oidc-provider';

import { accountBySub } from './accounts.mjs';
import { ENDPOINT_PATHS } from './endpoints.mjs';
import { loginStoppedPage, PAGE_HEADERS } from './login-page.mjs';

/** @typedef {import('oidc-provider').Configuration} Configuration */
/** @typedef {import('oidc-provider').KoaContextWithOIDC} KoaContextWithOIDC */

/** The only redirect URI that the first users' tenant has registered. */
const REDIRECT_URI = 'http://localhost:8000/';

/** In seconds; the tenant's ID tokens live about three days. */
const LIFETIMES = { code: 60, interaction: 3600, session: 86_400, refreshToken: 30 * 86_400 };

/**
 * @typedef {object} ConfidentialClient
 * @property {string} id
 * @property {string} secret
 * @property {string[]} redirectUris
 */

/**
 * @typedef {object} ProviderSettings
 * @property {string} issuer
 * @property {string} clientId of the public client
 * @property {string} organization the only one there is
 * @property {ConfidentialClient | undefined} confidentialClient
 * @property {number} accessTokenSeconds
 * @property {number} idTokenSeconds
 * @property {Rotation} rotation
 */

/** @typedef {'every-refresh' | 'none'} Rotation whether a refresh brings another refresh token, or none and the old one counts on */

/**
 * @typedef {object} ProviderState what outlives a change of keys, which builds the provider anew
 * @property {import('./token-store.mjs').TokenStore} tokens
 * @property {Map<string, string>} organizations which organization each grant was asked for, by grant id
 * @property {string[]} cookieKeys
 * @property {Map<string, number>} idTokenSecondsOf those of clients with a lifetime of their own, by client id
 * @property {import('./ledger.mjs').Ledger} ledger
 * @property {import('./interference.mjs').Interference} interference
 */

/**
 * @param {ProviderSettings} settings
 * @param {ProviderState} state
 * @param {import('./signing-keys.mjs').SigningKeys} keys
 * @returns {Provider}
 */
export function buildProvider(settings, state, keys) {
  const provider = new Provider(settings.issuer, configuration(settings, state, keys));
  // In front of an https issuer is a proxy that does the TLS and says so.
  provider.proxy = settings.issuer.startsWith('https:');
  provider.use((ctx, next) => state.interference.around(ctx, next));
  provider.on('authorization.success', (_ctx, answer) => state.ledger.record('code', Object(answer).code));
  provider.on('server_error', (_ctx, error) => process.stderr.write(`idp: ${error.stack}\n`));
  return provider;
}

/**
 * @param {ProviderSettings} settings
 * @param {ProviderState} state
 * @param {import('./signing-keys.mjs').SigningKeys} keys
 * @returns {Configuration}
 */
function configuration(settings, state, keys) {
  return {
    adapter: (model) => state.tokens.adapter(model),
    claims: { openid: ['sub', 'org_id', 'group'], email: ['email', 'email_verified'], profile: ['name', 'nickname'] },
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post'],
    clients: clients(settings),
    // The tenant's ID tokens carry the profile and the email themselves.
    conformIdTokenClaims: false,
    cookies: { keys: state.cookieKeys },
    extraParams: { organization: (_ctx, value) => checkOrganization(value, settings.organization) },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      revocation: { enabled: true, allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: { enabled: false },
    },
    findAccount: (_ctx, sub, token) => findAccount(sub, token && state.organizations.get(token.grantId ?? '')),
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    jwks: keys.jwks(),
    loadExistingGrant: (ctx) => loadGrant(ctx, state.organizations),
    pkce: { required: (_ctx, client) => client.clientId === settings.clientId },
    renderError,
    responseTypes: ['code'],
    rotateRefreshToken: settings.rotation === 'every-refresh',
    routes: {
      authorization: ENDPOINT_PATHS.authorize,
      token: ENDPOINT_PATHS.token,
      revocation: ENDPOINT_PATHS.revocation,
      jwks: ENDPOINT_PATHS.jwks,
    },
    scopes: ['openid', 'offline_access', 'profile', 'email'],
    ttl: {
      AccessToken: settings.accessTokenSeconds,
      AuthorizationCode: LIFETIMES.code,
      Grant: LIFETIMES.refreshToken,
      IdToken: (_context, _token, client) => state.idTokenSecondsOf.get(client.clientId) ?? settings.idTokenSeconds,
      Interaction: LIFETIMES.interaction,
      RefreshToken: LIFETIMES.refreshToken,
      Session: LIFETIMES.session,
    },
  };
}

/**
 * @param {ProviderSettings} settings
 * @returns {import('oidc-provider').ClientMetadata[]}
 */
function clients({ clientId, confidentialClient }) {
  /** @type {import('oidc-provider').ClientMetadata} */
  const common = {
    client_id: clientId,
    // 'web' compares redirect URIs exactly; 'native' would let the port of a loopback one vary.
    application_type: 'web',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    id_token_signed_response_alg: 'RS256',
  };
  const all = [{ ...common, redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: /** @type {const} */ ('none') }];
  if (!confidentialClient) {
    return all;
  }
  const { id, secret, redirectUris } = confidentialClient;
  return [...all, {
    ...common,
    client_id: id,
    client_secret: secret,
    redirect_uris: redirectUris,
    token_endpoint_auth_method: 'client_secret_basic',
  }];
}

/**
 * @param {string | undefined} asked
 * @param {string} organization
 */
function checkOrganization(asked, organization) {
  if (asked !== undefined && asked !== organization) {
    throw new errors.InvalidRequest(`there is no such organization; ask for ${organization} or for none`);
  }
}

/**
 * @param {string} sub
 * @param {string | undefined} organization
 * @returns {import('oidc-provider').Account | undefined}
 */
function findAccount(sub, organization) {
  const account = accountBySub(sub);
  if (!account) {
    return undefined;
  }
  const { login: _, ...claims } = account;
  return { accountId: sub, claims: () => (organization ? { ...claims, org_id: organization } : claims) };
}

/**
 * The grant the login page made, or, for a user who is logged in already, a new one: it belongs to what this request asks for,
 * its organization included.
 *
 * @param {KoaContextWithOIDC} ctx
 * @param {Map<string, string>} organizations
 */
async function loadGrant({ oidc }, organizations) {
  const grantId = oidc.result?.consent?.grantId;
  if (grantId) {
    return oidc.provider.Grant.find(grantId);
  }
  const { session, client, params } = oidc;
  if (!session?.accountId || !client || !params) {
    return undefined;
  }
  return makeGrant(oidc.provider, { accountId: session.accountId, clientId: client.clientId, params }, organizations);
}

/**
 * @param {Provider} provider
 * @param {{ accountId: string, clientId: string, params: Record<string, unknown> }} login
 * @param {Map<string, string>} organizations
 * @returns {Promise<InstanceType<Provider['Grant']>>} saved, with every scope that was asked for
 */
export async function makeGrant(provider, { accountId, clientId, params }, organizations) {
  const grant = new provider.Grant({ accountId, clientId });
  grant.addOIDCScope(String(params.scope ?? 'openid'));
  const grantId = await grant.save();
  if (typeof params.organization === 'string') {
    organizations.set(grantId, params.organization);
  }
  return grant;
}

/**
 * @param {KoaContextWithOIDC} ctx
 * @param {import('oidc-provider').ErrorOut} out
 */
function renderError(ctx, out) {
  ctx.set(PAGE_HEADERS);
  ctx.body = loginStoppedPage(
    'Login not possible',
    `${out.error}: ${out.error_description ?? 'no description'}. Go back and begin the login again.`,
  );
}
