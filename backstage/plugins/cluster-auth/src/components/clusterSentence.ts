import type { ClusterStatus } from '../api/ClusterAuthApi';

/** Why a login ended, with the same words as the `status` command. */
const REASONS: Record<string, string> = {
  expired: 'Your login has expired',
  refresh_failing:
    'The identity provider does not refresh your login at present',
  login_required: 'The identity provider wants you to log in again',
  refresh_refused: 'The identity provider has ended your login',
  refresh_lost: 'Your login was lost in an interrupted refresh',
  identity_changed: 'What the identity provider says of you has changed',
  unreadable: 'The backend cannot read the login that it kept',
};

/** Whether the user is connected, with name and expiry. */
export function clusterSentence(cluster: ClusterStatus, now: number): string {
  const { connected, email, subject, expiresAt, reason, detail } = cluster;
  if (!connected) {
    return reason ? notConnected(reason, detail) : 'Not connected.';
  }
  const name = email || subject;
  const as = name ? ` as ${name}` : '';
  if (!expiresAt) {
    return `Connected${as}.`;
  }
  if (Date.parse(expiresAt) <= now) {
    return `Connected${as}; the next use refreshes the login.`;
  }
  return `Connected${as} until ${formatTime(expiresAt)}${refreshed(cluster)}.`;
}

function refreshed({ refreshable, loginExpiresAt }: ClusterStatus): string {
  if (!refreshable) {
    return '';
  }
  const until = loginExpiresAt ? ` until ${formatTime(loginExpiresAt)}` : '';
  return `, refreshed by itself${until}`;
}

function notConnected(reason: string, detail?: string): string {
  const why = REASONS[reason] ?? 'Your login has ended';
  if (detail) {
    return `Not connected. ${why} (${reason}): ${detail}. Then log in again.`;
  }
  return `Not connected. ${why} (${reason}): log in again.`;
}

/** A time of the API, as the user writes times. */
export function formatTime(time: string): string {
  return new Date(time).toLocaleString(undefined, {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
}
