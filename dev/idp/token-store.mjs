import { errors } from 'oidc-provider';

/** @typedef {import('oidc-provider').Adapter} Adapter */
/** @typedef {import('oidc-provider').AdapterPayload} AdapterPayload */

/** What belongs to a grant and is gone once the grant is revoked. */
const FAMILY_MODELS = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken', 'Grant']);

/**
 * @typedef {'login' | 'person'} Extent what ends with one revoked token: the login that it belongs to, or, as at Keycloak and Google, all
 *   that this person has at the client
 */

/**
 * @typedef {object} Family all that was issued for one login
 * @property {Set<string>} members keys of what was issued
 * @property {boolean} revoked a revoked family stays revoked: what is issued for it afterwards is never stored
 * @property {{ id: string, spentAt: number } | undefined} lastSpent the refresh token just before the newest
 */

/**
 * Keeps codes, tokens, sessions and grants in memory and notices when a refresh token or a code is used again, as Auth0
 * does: the whole family is revoked. Every method decides and writes without awaiting in between, so that of two requests
 * at once with one refresh token exactly one finds it unspent.
 */
export class TokenStore {
  /** @type {Map<string, AdapterPayload>} */
  #records = new Map();
  /** @type {Map<string, Family>} */
  #families = new Map();
  #overlapMs;
  #extent;
  #now;

  /**
   * @param {object} options
   * @param {number} options.overlapSeconds for how long the refresh token just before the newest still succeeds
   * @param {Extent} [options.extent]
   * @param {() => number} options.now milliseconds since the epoch
   */
  constructor({ overlapSeconds, extent = 'login', now }) {
    this.#overlapMs = overlapSeconds * 1000;
    this.#extent = extent;
    this.#now = now;
  }

  /**
   * @param {string} model name of an oidc-provider model
   * @returns {Adapter}
   */
  adapter(model) {
    const key = (/** @type {string} */ id) => `${model}:${id}`;
    return {
      upsert: async (id, payload) => this.#store(model, key(id), id, payload),
      find: async (id) => this.#found(key(id)),
      findByUid: async (uid) => this.#first((stored, payload) => stored.startsWith(`${model}:`) && payload.uid === uid),
      findByUserCode: async () => undefined,
      consume: async (id) => this.#spend(key(id)),
      destroy: async (id) => void this.#records.delete(key(id)),
      revokeByGrantId: async (grantId) => this.#revoke(grantId),
    };
  }

  /**
   * @param {string} model
   * @param {string} key
   * @param {string} id
   * @param {AdapterPayload} payload
   */
  #store(model, key, id, payload) {
    const grantId = model === 'Grant' ? id : payload.grantId;
    if (FAMILY_MODELS.has(model) && grantId) {
      const family = this.#family(grantId);
      if (family.revoked) {
        return;
      }
      family.members.add(key);
    }
    this.#records.set(key, payload);
  }

  /**
   * @param {string} key
   * @returns {AdapterPayload | undefined}
   */
  #found(key) {
    const payload = this.#records.get(key);
    if (payload?.consumed && this.#withinOverlap(key, payload)) {
      const { consumed: _, ...unspent } = payload;
      return unspent;
    }
    return payload && { ...payload };
  }

  /** @param {(key: string, payload: AdapterPayload) => boolean} matches */
  #first(matches) {
    for (const [key, payload] of this.#records) {
      if (matches(key, payload)) {
        return { ...payload };
      }
    }
    return undefined;
  }

  /** @param {string} key */
  #spend(key) {
    const payload = this.#records.get(key);
    if (!payload?.grantId) {
      throw new errors.InvalidGrant('it was revoked');
    }
    if (payload.consumed) {
      if (this.#withinOverlap(key, payload)) {
        return;
      }
      this.#revoke(payload.grantId);
      throw new errors.InvalidGrant('it was used before; everything issued for this login is revoked');
    }
    const now = this.#now();
    payload.consumed = Math.floor(now / 1000);
    this.#family(payload.grantId).lastSpent = { id: key, spentAt: now };
  }

  /**
   * @param {string} key
   * @param {AdapterPayload} payload
   */
  #withinOverlap(key, payload) {
    const lastSpent = payload.grantId && this.#family(payload.grantId).lastSpent;
    return key.startsWith('RefreshToken:') && lastSpent && lastSpent.id === key
      && this.#now() - lastSpent.spentAt < this.#overlapMs;
  }

  /** @param {string} grantId */
  #revoke(grantId) {
    const grant = this.#records.get(`Grant:${grantId}`);
    const ofPerson = [...this.#families.keys()].filter((id) => {
      const other = this.#records.get(`Grant:${id}`);
      return other?.accountId === grant?.accountId && other?.clientId === grant?.clientId;
    });
    const revoked = this.#extent === 'person' && grant ? ofPerson : [grantId];
    for (const id of revoked) {
      this.#revokeFamily(id);
    }
  }

  /** @param {string} grantId */
  #revokeFamily(grantId) {
    const family = this.#family(grantId);
    family.revoked = true;
    for (const key of family.members) {
      this.#records.delete(key);
    }
    family.members.clear();
  }

  /** @param {string} grantId */
  #family(grantId) {
    let family = this.#families.get(grantId);
    if (!family) {
      family = { members: new Set(), revoked: false, lastSpent: undefined };
      this.#families.set(grantId, family);
    }
    return family;
  }
}
