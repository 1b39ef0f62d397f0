// Imported one by one: the bundle of this program has them in it.
import auth0 from '../profiles/auth0.json' with { type: 'json' };
import authentik from '../profiles/authentik.json' with { type: 'json' };
import cognito from '../profiles/cognito.json' with { type: 'json' };
import dex from '../profiles/dex.json' with { type: 'json' };
import entra from '../profiles/entra.json' with { type: 'json' };
import gitlab from '../profiles/gitlab.json' with { type: 'json' };
import google from '../profiles/google.json' with { type: 'json' };
import keycloak from '../profiles/keycloak.json' with { type: 'json' };
import okta from '../profiles/okta.json' with { type: 'json' };
import zitadel from '../profiles/zitadel.json' with { type: 'json' };

/** @typedef {import('./profile.mjs').Profile} Profile */

/**
 * `source` is the page of the provider's documentation that the profile was made from, `sourceOfLifetime` the one, or the file of its own
 * sources, with the default that `idTokenSeconds` is.
 *
 * @type {Record<string, { source: string, sourceOfLifetime: string, profile: object }>}
 */
const FILES = { auth0, authentik, cognito, dex, entra, gitlab, google, keycloak, okta, zitadel };

/** The providers that it can be, by name. */
export const PROFILES = Object.keys(FILES);

/**
 * @param {string} name
 * @returns {Profile}
 * @throws when there is none of that name; the message has those that there are
 */
export function profileNamed(name) {
  const file = Object.hasOwn(FILES, name) ? FILES[name] : undefined;
  if (!file) {
    throw new Error(`There is no profile named ${JSON.stringify(name)}; use one of ${PROFILES.join(', ')}.`);
  }
  return /** @type {Profile} */ (file.profile);
}
