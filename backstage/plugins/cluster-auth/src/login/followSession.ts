import type { ClusterAuthApi, SessionProgress } from '../api/ClusterAuthApi';
import { isTemporary, problemOf, retryAfter } from '../api/Problem';
import type { Clock } from '../clock';
import type { LoginState, OpenLogin } from './LoginState';

/** How long the backend may wait for a change before it answers, in seconds. */
const WAIT = 25;
/** After this additional time, a request is given up. */
const GRACE_MS = 10_000;
/** The shortest time between requests, so that early answers without news cause no busy loop. */
const PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;

const EXPIRED = {
  code: 'session_expired',
  message: 'The login took longer than five minutes: try again.',
};

/** The end of a session. */
type End = Extract<LoginState, { step: 'complete' | 'failed' }>;

interface Following {
  clusterAuthApi: ClusterAuthApi;
  clock: Clock;
  signal: AbortSignal;
  /** When following ends if the backend does not answer. */
  endsAt: number;
  onProgress(
    change: Pick<OpenLogin, 'backend'> & Partial<Pick<OpenLogin, 'progress'>>,
  ): void;
}

/** Follows a session until it ends, with retries while the backend does not answer. Resolves to nothing after the signal is aborted. */
export async function followSession(
  sessionToken: string,
  following: Following,
): Promise<End | undefined> {
  const { clock, signal, endsAt, onProgress } = following;
  let failures = 0;
  while (!signal.aborted) {
    let pause = PAUSE_MS;
    try {
      const progress = await ask(sessionToken, following);
      failures = 0;
      const end = endOf(progress);
      if (end) {
        return end;
      }
      onProgress({ backend: 'answers', progress: openProgress(progress) });
    } catch (error) {
      if (signal.aborted) {
        return undefined;
      }
      if (!isTemporary(error)) {
        return { step: 'failed', problem: problemOf(error) };
      }
      if (clock.now() >= endsAt) {
        return { step: 'failed', problem: EXPIRED };
      }
      failures += 1;
      pause = Math.max(retryAfter(error) ?? 0, backoff(failures));
      onProgress({ backend: 'away' });
    }
    await sleep(pause, clock, signal);
  }
  return undefined;
}

function openProgress({ status }: SessionProgress): 'pending' | 'exchanging' {
  return status === 'exchanging' ? 'exchanging' : 'pending';
}

function endOf(progress: SessionProgress): End | undefined {
  const { status, cluster, user, error } = progress;
  switch (status) {
    case 'complete':
      return { step: 'complete', cluster, user };
    case 'expired':
      return { step: 'failed', problem: EXPIRED };
    case 'failed':
      return {
        step: 'failed',
        problem: error ?? { message: 'The login failed: try again.' },
      };
    default:
      return undefined;
  }
}

function backoff(failures: number): number {
  return Math.min(PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
}

/** One request with a timeout. */
async function ask(sessionToken: string, following: Following) {
  const { clusterAuthApi, clock, signal } = following;
  const giveUp = new AbortController();
  const abort = () => giveUp.abort();
  signal.addEventListener('abort', abort);
  const forget = clock.after(WAIT * 1000 + GRACE_MS, abort);
  try {
    return await clusterAuthApi.getSession(sessionToken, {
      wait: WAIT,
      signal: giveUp.signal,
    });
  } finally {
    forget();
    signal.removeEventListener('abort', abort);
  }
}

function sleep(milliseconds: number, clock: Clock, signal: AbortSignal) {
  return new Promise<void>(resolve => {
    const forget = clock.after(milliseconds, wake);
    function wake() {
      forget();
      signal.removeEventListener('abort', wake);
      resolve();
    }
    signal.addEventListener('abort', wake);
  });
}
