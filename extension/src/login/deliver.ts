// Delivers the callback to the backend, again and again until there is a final answer or the session has ended, as the helper does
// (src/helper/session/delivery.rs).
import type { Answer, Backend, Exchange, Refusal } from './backend';
import type { Callback, Outcome, Problem } from './login';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;

/** The longest `Retry-After` that is followed: a gateway that asks for an hour would end the session. */
const LONGEST_ASKED_MS = 30_000;

/** Which answer is missing. */
export type Awaited = 'backend' | 'identity_provider';

/** The sentences of our own about an answer that has none. */
export interface Words {
  unreadable(): string;
  status(status: number): string;
  failed(): string;
}

/** What a delivery takes from outside. */
export interface Delivery {
  backend: Backend;
  sessionToken: string;
  callback: Callback;
  /** When the session ends, in milliseconds. */
  endsAt: number;
  words: Words;
  now(): number;
  random(): number;
  sleep(milliseconds: number): Promise<void>;
  onTrouble(awaited: Awaited): void;
}

type Verdict =
  | { kind: 'final'; outcome: Outcome }
  | { kind: 'again'; awaited: Awaited; atLeast: number; mayBeStored: boolean };

/** What an answer means: an answer that is missing, 429, 502 to 504 and `exchange_in_progress` pass, all else is final. */
export function judge(answer: Answer<Exchange>, words: Words): Verdict {
  switch (answer.kind) {
    case 'away':
      return again('backend');
    case 'unreadable':
      return final(refused({ message: words.unreadable() }));
    case 'refused':
      return judgeRefusal(answer.refusal, words);
    default:
      return final(outcomeOf(answer.body));
  }
}

/** Delivers it. */
export async function deliver(delivery: Delivery): Promise<Outcome> {
  const { backend, sessionToken, callback, endsAt, now } = delivery;
  for (let tries = 0; now() < endsAt; tries += 1) {
    const answer = await backend.exchange(sessionToken, callback);
    const verdict = judge(answer, delivery.words);
    if (verdict.kind === 'final') {
      return verdict.outcome;
    }
    const stored = verdict.mayBeStored && (await storedFailure(delivery));
    if (stored) {
      return stored;
    }
    delivery.onTrouble(verdict.awaited);
    const wait = Math.max(backoff(tries, delivery.random()), verdict.atLeast);
    await delivery.sleep(Math.min(wait, Math.max(endsAt - now(), 0)));
  }
  return { kind: 'expired' };
}

/** Exponential, with up to as much again at random, so that many do not come back at once. */
export function backoff(tries: number, random: number): number {
  const wait = Math.min(FIRST_WAIT_MS * 2 ** tries, LONGEST_WAIT_MS);
  return wait * (1 + random);
}

function judgeRefusal(refusal: Refusal, words: Words): Verdict {
  const { status, code, message } = refusal;
  const passes = status === 429 || (status >= 502 && status <= 504);
  if (passes || code === 'exchange_in_progress') {
    const atLeast = Math.min(refusal.retryAfter ?? 0, LONGEST_ASKED_MS);
    const awaited =
      code === 'idp_unreachable' ? 'identity_provider' : 'backend';
    const mayBeStored = code === 'idp_refused';
    return { kind: 'again', awaited, atLeast, mayBeStored };
  }
  switch (code) {
    case 'session_expired':
      return final({ kind: 'expired' });
    case 'access_denied':
      return final({ kind: 'denied' });
    default:
      return final(refused({ code, message: message ?? words.status(status) }));
  }
}

/** The person's no has words of its own; what the operator has to change, or what may pass, is said by the backend. */
function outcomeOf(exchange: Exchange): Outcome {
  if (exchange.success) {
    const { account, refreshable } = exchange;
    return { kind: 'connected', connected: { account, refreshable } };
  }
  const { code, message } = exchange;
  return code === 'access_denied' || message === undefined
    ? { kind: 'denied' }
    : refused({ code, message });
}

/** `idp_refused` is a 502, as a gateway's error is, but may be the session's stored outcome, which no other try can change. */
async function storedFailure(delivery: Delivery): Promise<Outcome | undefined> {
  const answer = await delivery.backend.session(delivery.sessionToken);
  if (answer.kind !== 'ok' || answer.body.status !== 'failed') {
    return undefined;
  }
  return refused(answer.body.error ?? { message: delivery.words.failed() });
}

function refused(problem: Problem): Outcome {
  return { kind: 'refused', problem };
}

function final(outcome: Outcome): Verdict {
  return { kind: 'final', outcome };
}

function again(awaited: Awaited): Verdict {
  return { kind: 'again', awaited, atLeast: 0, mayBeStored: false };
}
