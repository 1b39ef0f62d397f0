/**
 * @typedef {object} DevelopmentAccount
 * @property {string} login what a user types
 * @property {string} sub as the real tenant writes it
 * @property {string} email
 * @property {boolean} email_verified
 * @property {string} name
 * @property {string} nickname
 * @property {string} group a single string, as the real tenant sends it
 */

/** The password of every account; the login page shows it. */
export const PASSWORD = 'dev';

/** @type {readonly DevelopmentAccount[]} */
export const accounts = [
  {
    login: 'felix',
    sub: 'auth0|felix',
    email: 'felix@example.com',
    email_verified: true,
    name: 'Felix Example',
    nickname: 'felix',
    group: 'team-a',
  },
  {
    login: 'mara',
    sub: 'auth0|mara',
    email: 'mara@example.com',
    email_verified: true,
    name: 'Mara Example',
    nickname: 'mara',
    group: 'team-b',
  },
  {
    // An account with Felix's address, never verified: only email_verified tells the two apart.
    login: 'unverified',
    sub: 'auth0|unverified',
    email: 'felix@example.com',
    email_verified: false,
    name: 'Not Felix',
    nickname: 'felix',
    group: 'team-a',
  },
  // Felix at a domain with letters beyond a to z, in each of the two forms that providers have for it.
  ...['felix@bäckerei.example', 'felix@xn--bckerei-5wa.example'].map((email, index) => ({
    login: ['umlaut', 'punycode'][index] ?? '',
    sub: `auth0|baker-${index}`,
    email,
    email_verified: true,
    name: 'Felix Baker',
    nickname: 'felix',
    group: 'team-a',
  })),
];

/**
 * @param {string} login
 * @returns {DevelopmentAccount | undefined}
 */
export function accountByLogin(login) {
  return accounts.find((account) => account.login === login);
}

/**
 * @param {string} sub
 * @returns {DevelopmentAccount | undefined}
 */
export function accountBySub(sub) {
  return accounts.find((account) => account.sub === sub);
}
