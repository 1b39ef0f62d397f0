/** All messages between a portal's page, the content script, the extension's pages and the background. */

/** A cluster as the portal's page shows it, for the popup. */
export interface ClusterState {
  name: string;
  title: string;
  connected: boolean;
  expiresAt?: string;
  reason?: string;
}

/** What a portal's page says (docs/protocol.md, "Page and extension"). */
export type PageMessage = { source: 'cluster-auth-page'; id: string } & (
  | { type: 'ping' }
  | { type: 'start'; sessionToken: string }
  | { type: 'state'; clusters: ClusterState[] }
);

/** What the extension answers to it. */
export type ExtensionMessage = {
  source: 'cluster-auth-extension';
  id: string;
} & ({ type: 'pong'; version: string } | ({ type: 'result' } & Result));

/** How a login ended, for the page that began it. */
export interface Result {
  ok: boolean;
  code?: string;
  message?: string;
}

/** What the content script says to the background. */
export type ContentMessage =
  | { type: 'hello' }
  | { type: 'start'; id: string; sessionToken: string }
  | { type: 'state'; clusters: ClusterState[] };

/** What the background says to the content script. */
export type ContentAnswer = {
  type: 'result';
  id: string;
  /** The page that is meant has this origin. */
  origin: string;
} & Result;

/** What the extension's own pages say to the background. */
export type OwnPageMessage =
  /** The click of the confirm page; the answer is a `Result`; the page shows a refusal. */
  | { type: 'continue'; login: string }
  /** The click that says no. */
  | { type: 'decline'; login: string }
  /** Asks for the address that the provider's answer held, or for the login that this tab delivers; answers `Returned`. */
  | { type: 'returned' };

/** What the background knows of the tab of a callback page. */
export interface Returned {
  /** The address to which the provider sent this tab, with the state of a login. */
  address?: string;
  /** An address that was caught beside a login, since the rule on the provider's answer knows no case. */
  elsewhere?: string;
  /** The login that is delivered in this tab: the page was loaded again. */
  login?: string;
}

const MOST_CLUSTERS = 200;
const LONGEST_TEXT = 1_000;

/** A message of a portal's page; nothing where it is malformed. */
export function readPageMessage(value: unknown): PageMessage | undefined {
  if (!isRecord(value) || value.source !== 'cluster-auth-page') {
    return undefined;
  }
  const { type, id } = value;
  if (!isText(id, 100)) {
    return undefined;
  }
  const head = { source: 'cluster-auth-page' as const, id };
  switch (type) {
    case 'ping':
      return { ...head, type };
    case 'start': {
      const { sessionToken } = value;
      return isSecret(sessionToken)
        ? { ...head, type, sessionToken }
        : undefined;
    }
    case 'state': {
      const clusters = readClusters(value.clusters);
      return clusters && { ...head, type, clusters };
    }
    default:
      return undefined;
  }
}

/** A message of the content script. Its page may be hostile, so it is checked once more. */
export function readContentMessage(value: unknown): ContentMessage | undefined {
  if (isRecord(value) && value.type === 'hello') {
    return { type: 'hello' };
  }
  const id = isRecord(value) && value.type === 'state' ? '-' : undefined;
  const message =
    isRecord(value) &&
    readPageMessage({ id, ...value, source: 'cluster-auth-page' });
  if (!message || message.type === 'ping') {
    return undefined;
  }
  return message.type === 'start'
    ? { type: 'start', id: message.id, sessionToken: message.sessionToken }
    : { type: 'state', clusters: message.clusters };
}

/** A message of the background to the content script. */
export function readContentAnswer(value: unknown): ContentAnswer | undefined {
  return isRecord(value) && value.type === 'result'
    ? (value as unknown as ContentAnswer)
    : undefined;
}

/** A message of one of the extension's own pages. */
export function readOwnPageMessage(value: unknown): OwnPageMessage | undefined {
  if (!isRecord(value)) {
    return undefined;
  }
  const { type, login } = value;
  if (type === 'returned') {
    return { type };
  }
  if (type !== 'continue' && type !== 'decline') {
    return undefined;
  }
  return isText(login, 100) ? { type, login } : undefined;
}

/** The form of every session token and state: 43 characters of base64url. */
export function isSecret(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{43}$/.test(value);
}

/** An object, whatever it holds. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readClusters(value: unknown): ClusterState[] | undefined {
  if (!Array.isArray(value) || value.length > MOST_CLUSTERS) {
    return undefined;
  }
  const clusters = value.map(readCluster);
  return clusters.every(cluster => cluster !== undefined)
    ? clusters
    : undefined;
}

function readCluster(value: unknown): ClusterState | undefined {
  if (!isRecord(value)) {
    return undefined;
  }
  const { name, title, connected, expiresAt, reason } = value;
  if (
    !isText(name, LONGEST_TEXT) ||
    !isText(title, LONGEST_TEXT) ||
    typeof connected !== 'boolean' ||
    !isTextOrAbsent(expiresAt) ||
    !isTextOrAbsent(reason)
  ) {
    return undefined;
  }
  return { name, title, connected, expiresAt, reason };
}

function isText(value: unknown, longest: number): value is string {
  return (
    typeof value === 'string' && value.length > 0 && value.length <= longest
  );
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || isText(value, LONGEST_TEXT);
}
