// The calls to the backend of a portal, with the session token of one login.
import { isRecord } from '../messages';
import type { Callback } from './login';

/** A call's answer that says no. */
export interface Refusal {
  status: number;
  code?: string;
  message?: string;
  /** How long to wait before another try, in milliseconds. */
  retryAfter?: number;
}

/** What became of a call. */
export type Answer<T> =
  /** `sentAt` is the backend's time: its clock and this machine's may differ. */
  | { kind: 'ok'; body: T; sentAt?: number }
  | { kind: 'refused'; refusal: Refusal }
  /** It answered, but not as a backend does. */
  | { kind: 'unreadable' }
  /** It could not be reached, or did not answer in time. */
  | { kind: 'away' };

/** What `GET /session` answers, of it what is needed. */
export interface Session {
  status: string;
  user: string;
  cluster: string;
  expiresAt: string;
  returnTo?: string;
  authUrl?: string;
  error?: { code?: string; message: string };
}

/** What `GET /info` answers, of it what is needed. */
export interface Info {
  redirectUri: string;
  clusters: { name: string; title: string; redirectUri?: string }[];
}

/** What `POST /exchange` answers. */
export type Exchange =
  | { success: true; account?: string; refreshable: boolean }
  | { success: false; code: string; message?: string };

/** How long a call may take that the backend answers from its store. */
const QUICK_MS = 10_000;

/** The same of one for which it may need a whole exchange lease of 30 s. */
const PATIENT_MS = 35_000;

/** More than any answer of a backend has. */
const MOST_BYTES = 256 * 1024;

interface Call<T> {
  path: string;
  sessionToken?: string;
  body?: unknown;
  patience: number;
  read(body: unknown): T | undefined;
}

/** The backend below one address. */
export class Backend {
  constructor(private readonly base: string) {}

  info(): Promise<Answer<Info>> {
    return this.call({ path: '/info', patience: QUICK_MS, read: readInfo });
  }

  session(sessionToken: string): Promise<Answer<Session>> {
    const read = readSession;
    return this.call({
      path: '/session',
      sessionToken,
      patience: QUICK_MS,
      read,
    });
  }

  /** Hands the callback over; the backend redeems a code only once, however often it is handed over. */
  exchange(sessionToken: string, body: Callback): Promise<Answer<Exchange>> {
    const read = readExchange;
    const patience = PATIENT_MS;
    return this.call({ path: '/exchange', sessionToken, body, patience, read });
  }

  private async call<T>(call: Call<T>): Promise<Answer<T>> {
    const { path, patience, read } = call;
    let response: Response;
    let body: unknown;
    try {
      response = await fetch(`${this.base}/api/cluster-auth${path}`, {
        method: call.body === undefined ? 'GET' : 'POST',
        headers: headersOf(call),
        body: call.body === undefined ? undefined : JSON.stringify(call.body),
        // A redirect would carry the session token or the code elsewhere.
        redirect: 'manual',
        credentials: 'omit',
        cache: 'no-store',
        referrerPolicy: 'no-referrer',
        signal: AbortSignal.timeout(patience),
      });
      body = parsed(await bounded(response));
    } catch {
      return { kind: 'away' };
    }
    if (response.type === 'opaqueredirect') {
      return { kind: 'unreadable' };
    }
    if (!response.ok) {
      return { kind: 'refused', refusal: refusalOf(response, body) };
    }
    const answer = read(body);
    return answer === undefined
      ? { kind: 'unreadable' }
      : { kind: 'ok', body: answer, sentAt: dateOf(response) };
  }
}

function headersOf({ sessionToken, body }: Call<unknown>): HeadersInit {
  return {
    ...(sessionToken === undefined
      ? {}
      : { Authorization: `Bearer ${sessionToken}` }),
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
  };
}

/** A body, of which no more is read than any backend sends. */
async function bounded(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  const reader = response.body?.getReader();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) {
      break;
    }
    bytes += value.byteLength;
    if (bytes > MOST_BYTES) {
      await reader.cancel();
      return '';
    }
    text += decoder.decode(value, { stream: true });
  }
  return text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusalOf(response: Response, body: unknown): Refusal {
  const error = isRecord(body) && isRecord(body.error) ? body.error : {};
  const seconds = Number(response.headers.get('Retry-After') ?? NaN);
  return {
    status: response.status,
    code: textOf(error.code),
    message: textOf(error.message),
    retryAfter: seconds >= 0 ? seconds * 1000 : undefined,
  };
}

function dateOf(response: Response): number | undefined {
  const date = Date.parse(response.headers.get('Date') ?? '');
  return Number.isNaN(date) ? undefined : date;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function readInfo(body: unknown): Info | undefined {
  if (
    !isRecord(body) ||
    typeof body.redirectUri !== 'string' ||
    !Array.isArray(body.clusters)
  ) {
    return undefined;
  }
  const clusters = body.clusters.filter(isRecord).map(cluster => ({
    name: textOf(cluster.name) ?? '',
    title: textOf(cluster.title) ?? '',
    redirectUri: textOf(cluster.redirectUri),
  }));
  return { redirectUri: body.redirectUri, clusters };
}

function readSession(body: unknown): Session | undefined {
  if (!isRecord(body)) {
    return undefined;
  }
  const { status, user, cluster, expiresAt, error } = body;
  if (
    typeof status !== 'string' ||
    typeof user !== 'string' ||
    typeof cluster !== 'string' ||
    typeof expiresAt !== 'string'
  ) {
    return undefined;
  }
  const message = isRecord(error) ? textOf(error.message) : undefined;
  return {
    status,
    user,
    cluster,
    expiresAt,
    returnTo: textOf(body.returnTo),
    authUrl: textOf(body.authUrl),
    ...(isRecord(error) && message !== undefined
      ? { error: { code: textOf(error.code), message } }
      : {}),
  };
}

function readExchange(body: unknown): Exchange | undefined {
  if (!isRecord(body)) {
    return undefined;
  }
  if (body.success === true) {
    const account = textOf(body.email) ?? textOf(body.subject);
    return { success: true, account, refreshable: body.refreshable !== false };
  }
  const code = textOf(body.code);
  return body.success === false && code !== undefined
    ? { success: false, code, message: textOf(body.message) }
    : undefined;
}
