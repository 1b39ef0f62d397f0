// The end of a login: it is written down where it happens, in the background or on a page, and settled by the background.
import { browser } from '../browser';
import type { ContentAnswer, Result } from '../messages';
import { type Key, sentence } from '../sentences';
import { rememberConfirmed } from './confirmed';
import {
  allLogins,
  change,
  forget,
  isUnderWay,
  isWaiting,
  type Login,
  loginWith,
  type Outcome,
  type Problem,
} from './login';
import { forgetReturned } from './returned';
import { uninstall } from './rules';

/** How long the page of a login that has ended can be loaded again. */
const KEPT_MS = 5 * 60_000;

/** The codes that have a sentence of ours. */
type Code = Key extends infer One
  ? One extends `problem_${infer Name}`
    ? Name
    : never
  : never;

/** A failure in our own words. */
export function problemOf(code: Code, ...texts: string[]): Problem {
  return { code, message: sentence(`problem_${code}`, ...texts) };
}

/** Ends a login that has not ended yet. */
export async function end(id: string, outcome: Outcome): Promise<void> {
  await change(id, login =>
    isUnderWay(login) ? ended(login, outcome) : undefined,
  );
}

/**
 * Ends a login, unless it is delivered or has ended already, and takes its tab away from the provider: no rule is left for what that would
 * send the browser back with. The tab says why.
 */
export async function endBeforeReturn(
  id: string,
  outcome: Outcome,
): Promise<void> {
  const login = await change(id, kept =>
    isWaiting(kept) ? ended(kept, outcome) : undefined,
  );
  if (login?.loginTab !== undefined) {
    const url = browser.runtime.getURL('callback.html');
    await browser.tabs.update(login.loginTab, { url }).catch(() => undefined);
  }
}

/** A login as it is after its end: its secrets are forgotten. */
export function ended(login: Login, outcome: Outcome): Login {
  const { secrets: _, ...rest } = login;
  const step = outcome.kind === 'connected' ? 'complete' : 'failed';
  return { ...rest, step, outcome };
}

/** What the page that began a login is told of its end. */
export function resultOf(outcome: Outcome): Result {
  switch (outcome.kind) {
    case 'connected':
      return { ok: true };
    case 'denied':
      return { ok: false, ...problemOf('access_denied') };
    case 'expired':
      return { ok: false, ...problemOf('session_expired') };
    default:
      return { ok: false, ...outcome.problem };
  }
}

/** Does what the end of a login takes. It may be done twice, when the background was stopped in the middle. */
export async function settle(login: Login): Promise<void> {
  const { id, outcome } = login;
  if (outcome === undefined || login.settled) {
    return;
  }
  await uninstall(login);
  if (login.loginTab !== undefined) {
    await forgetReturned(login.loginTab);
  }
  if (outcome.kind === 'connected') {
    await rememberConfirmed(login.portal, login.user);
  }
  await tellPage(login, resultOf(outcome));
  await browser.alarms.clear(deliveryAlarm(id));
  await browser.alarms.create(endAlarm(id), { when: Date.now() + KEPT_MS });
  await change(id, kept => ({ ...kept, settled: true }));
}

/** Settles what was not settled before the background was stopped. */
export async function settleAll(): Promise<void> {
  for (const login of await allLogins()) {
    await settle(login);
  }
}

/** The alarm for the end of a login's session, later for its being forgotten. */
export function endAlarm(id: string): string {
  return `end:${id}`;
}

/** The alarm that looks after a delivery without a page. */
export function deliveryAlarm(id: string): string {
  return `deliver:${id}`;
}

/** The session has ended, or the time after the end is over. */
export async function onEndAlarm(id: string): Promise<void> {
  const login = await loginWith(id);
  if (login?.settled) {
    await forget(id);
  } else if (login && isUnderWay(login) && login.step !== 'delivering') {
    await end(id, { kind: 'expired' });
  }
}

/** The page may be gone, or be another one by now: the content script compares the origin. */
async function tellPage(login: Login, result: Result): Promise<void> {
  const { portalTab, requestId, portal } = login;
  const { origin } = new URL(portal.appUrl);
  const answer: ContentAnswer = {
    type: 'result',
    id: requestId,
    origin,
    ...result,
  };
  await browser.tabs
    .sendMessage(portalTab, answer, { frameId: 0 })
    .catch(() => undefined);
}
