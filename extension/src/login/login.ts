import { browser } from '../browser';
import type { Portal } from '../portals';

/** How far a login is. */
export type Step =
  | 'confirming'
  | 'authorizing'
  | 'delivering'
  | 'complete'
  | 'failed';

/** Why a login failed: a code of docs/errors.md, where it has one, and one sentence. */
export interface Problem {
  code?: string;
  message: string;
}

/** What the identity provider's redirect carried, as `POST /exchange` takes it. */
export type Callback =
  | { code: string; state: string; iss?: string }
  | { error: string; errorDescription?: string; state: string };

/** What `POST /exchange` said of a login that succeeded. */
export interface Connected {
  /** The account at the identity provider, as people know it. */
  account?: string;
  /** Whether the backend gets new tokens when these expire. */
  refreshable: boolean;
}

/** How a login ended. */
export type Outcome =
  | { kind: 'connected'; connected: Connected }
  /** The identity provider or the person there refused. */
  | { kind: 'denied' }
  /** The session ended before a final answer. */
  | { kind: 'expired' }
  /** The backend did not accept it, in its own words. */
  | { kind: 'refused'; problem: Problem }
  /** It did not get so far, in our words. */
  | { kind: 'failed'; problem: Problem };

/** A login from its beginning to its end. It is kept in memory only, and outlives the background, which may be stopped at any time. */
export interface Login {
  id: string;
  portal: Portal;
  user: string;
  /** The cluster as people call it. */
  cluster: string;
  returnTo?: string;
  /** When the session ends, by this machine's clock, in milliseconds. */
  endsAt: number;
  step: Step;
  outcome?: Outcome;
  /** Whether everything that its end takes is done. */
  settled?: boolean;

  /** The tab that began it, and the id of its message. */
  portalTab: number;
  requestId: string;
  /** The tab in which the user confirms and logs in. */
  loginTab?: number;

  /** The host of the identity provider. */
  providerHost: string;
  redirectUri: string;
  ruleIds: number[];

  /** The secrets; a login that has ended has none. */
  secrets?: Secrets;
}

/** What must not be seen elsewhere. */
export interface Secrets {
  sessionToken: string;
  state: string;
  /** Until the provider is opened. */
  authUrl?: string;
  callback?: Callback;
}

/** Each login has a key of its own, so that two contexts of the extension do not write over each other's. */
const PREFIX = 'login:';

/** The login with this id. */
export async function loginWith(id: string): Promise<Login | undefined> {
  const key = PREFIX + id;
  const { [key]: login } = await browser.storage.session.get(key);
  return login as Login | undefined;
}

/** All logins, those included that have ended a moment ago. */
export async function allLogins(): Promise<Login[]> {
  const all = await browser.storage.session.get(null);
  return Object.entries(all)
    .filter(([key]) => key.startsWith(PREFIX))
    .map(([, login]) => login as Login);
}

/** The logins among changes of the session's storage, as they are now; nothing for one that was forgotten. */
export function changedLogins(
  changes: Record<string, chrome.storage.StorageChange>,
): (Login | undefined)[] {
  return Object.entries(changes)
    .filter(([key]) => key.startsWith(PREFIX))
    .map(([, { newValue }]) => newValue as Login | undefined);
}

/** Whether it has not ended yet. */
export function isUnderWay({ step }: Login): boolean {
  return step !== 'complete' && step !== 'failed';
}

/** Whether it waits for the person, at the question or at the provider: nothing of it has come back yet. */
export function isWaiting({ step }: Login): boolean {
  return step === 'confirming' || step === 'authorizing';
}

/** Keeps a new login. */
export async function keep(login: Login): Promise<void> {
  await browser.storage.session.set({ [PREFIX + login.id]: login });
}

/**
 * Changes a login, with no other context of the extension changing it at the same time.
 *
 * @returns the login as it is now; nothing where there is none, or `change` returned nothing.
 */
export async function change(
  id: string,
  how: (login: Login) => Login | undefined,
): Promise<Login | undefined> {
  return await navigator.locks.request(PREFIX + id, async () => {
    const login = await loginWith(id);
    const changed = login && how(login);
    if (changed) {
      await keep(changed);
    }
    return changed;
  });
}

/** Forgets a login. */
export async function forget(id: string): Promise<void> {
  await browser.storage.session.remove(PREFIX + id);
}

/** Forgets all logins. */
export async function forgetAll(): Promise<void> {
  for (const { id } of await allLogins()) {
    await forget(id);
  }
}
