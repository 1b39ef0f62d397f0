/** Each `reason` of `GET /status`, with the beginning of what the user is told. */
export const REASONS: Array<[string, string]> = [
  ['expired', 'Your login has expired'],
  ['refresh_failing', 'The identity provider does not refresh your login'],
  ['login_required', 'The identity provider wants you to log in again'],
  ['refresh_refused', 'The identity provider has ended your login'],
  ['refresh_lost', 'Your login was lost in an interrupted refresh'],
  ['identity_changed', 'What the identity provider says of you has changed'],
  ['unreadable', 'The backend cannot read the login that it kept'],
  ['newer_than_we', 'Your login has ended'],
];
