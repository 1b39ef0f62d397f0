// Takes the redirect of the identity provider: which login it belongs to, what it carries, and the way to the backend.
import { browser } from '../browser';
import { isSecret } from '../messages';
import { backendOf, type Portal } from '../portals';
import { sentence } from '../sentences';
import { Backend } from './backend';
import { type Awaited, deliver } from './deliver';
import { deliveryAlarm, end } from './end';
import { type Callback, change, type Login, loginWith } from './login';
import { uninstall } from './rules';

/** The parameters of a redirect (RFC 6749, 4.1.2 and 4.1.2.1; RFC 9207); others are ignored. */
const PARAMETERS = ['code', 'state', 'iss', 'error', 'error_description'];

/** How often a delivery without a page is looked after; browsers allow no less. */
const HALF_A_MINUTE = 0.5;

/** What a redirect is. */
export type Redirect =
  /** The page was opened without one. */
  | { kind: 'none' }
  /** It has no state of a login that waits for it. */
  | { kind: 'wrong_state' }
  /** Neither a code nor an error, both, or one of them twice. */
  | { kind: 'malformed' }
  | { kind: 'callback'; login: Login; callback: Callback };

/** Reads the query of a redirect. The state is compared first, in constant time, with that of each login that waits. */
export function readRedirect(query: string, logins: Login[]): Redirect {
  const given = [...new URLSearchParams(query)].filter(([name]) =>
    PARAMETERS.includes(name),
  );
  if (given.length === 0) {
    return { kind: 'none' };
  }
  const [state, secondState] = valuesOf(given, 'state');
  const login =
    isSecret(state) && secondState === undefined
      ? waitingFor(state, logins)
      : undefined;
  if (!login || !isSecret(state)) {
    return { kind: 'wrong_state' };
  }
  const callback = callbackOf(given, state);
  return callback
    ? { kind: 'callback', login, callback }
    : { kind: 'malformed' };
}

function waitingFor(state: string, logins: Login[]): Login | undefined {
  return logins
    .filter(({ step }) => step === 'authorizing')
    .filter(({ secrets }) => equals(secrets?.state ?? '', state))
    .at(0);
}

function callbackOf(
  given: [string, string][],
  state: string,
): Callback | undefined {
  if (PARAMETERS.some(name => valuesOf(given, name).length > 1)) {
    return undefined;
  }
  const [code] = valuesOf(given, 'code');
  const [error] = valuesOf(given, 'error');
  const [iss] = valuesOf(given, 'iss');
  const [errorDescription] = valuesOf(given, 'error_description');
  if (code && error === undefined) {
    return { code, state, iss };
  }
  return error && code === undefined
    ? { error, errorDescription, state }
    : undefined;
}

function valuesOf(given: [string, string][], name: string): string[] {
  return given.filter(([key]) => key === name).map(([, value]) => value);
}

/** Compares in a time that depends on the lengths only. */
function equals(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let at = 0; at < other.length; at += 1) {
    difference |= one.charCodeAt(at) ^ other.charCodeAt(at);
  }
  return difference === 0;
}

/**
 * Takes a redirect for a login. It is taken once: its rules are gone then.
 *
 * @returns the login; nothing where it was taken before, or has ended
 */
export async function accept(
  { id }: Login,
  callback: Callback,
  tab: number | undefined,
): Promise<Login | undefined> {
  const taken = await change(id, login =>
    login.step === 'authorizing' && login.secrets
      ? {
          ...login,
          step: 'delivering',
          loginTab: tab ?? login.loginTab,
          secrets: { ...login.secrets, callback },
        }
      : undefined,
  );
  if (taken) {
    await uninstall(taken);
    await browser.alarms.create(deliveryAlarm(id), {
      periodInMinutes: HALF_A_MINUTE,
    });
  }
  return taken;
}

/**
 * Delivers the callback of a login, and ends it. One context of the extension does so at a time; when its page is closed, another can.
 *
 * @returns the login as it is then
 */
export async function deliverAndEnd(
  id: string,
  onTrouble: (awaited: Awaited) => void,
): Promise<Login | undefined> {
  return await navigator.locks.request(deliveryAlarm(id), () =>
    deliverNow(id, onTrouble),
  );
}

/** Looks after a delivery: goes on with one that no page has in hand, and is not needed any more when it has ended. */
export async function onDeliveryAlarm(id: string): Promise<void> {
  const name = deliveryAlarm(id);
  await navigator.locks.request(name, { ifAvailable: true }, async lock => {
    if (lock) {
      await deliverNow(id, () => undefined);
      await browser.alarms.clear(name);
    }
  });
}

async function deliverNow(
  id: string,
  onTrouble: (awaited: Awaited) => void,
): Promise<Login | undefined> {
  const login = await loginWith(id);
  const { sessionToken, callback } = login?.secrets ?? {};
  if (login?.step !== 'delivering' || !sessionToken || !callback) {
    return login;
  }
  const base = backendOf(login.portal);
  const outcome = await deliver({
    backend: new Backend(base),
    sessionToken,
    callback,
    endsAt: login.endsAt,
    words: {
      unreadable: () => sentence('backend_unreadable', base),
      status: status => sentence('backend_status', String(status)),
      failed: () => sentence('backend_failed'),
    },
    now: () => Date.now(),
    random: () => Math.random(),
    sleep: milliseconds =>
      new Promise(resolve => {
        setTimeout(resolve, milliseconds);
      }),
    onTrouble,
  });
  await end(id, outcome);
  return await loginWith(id);
}

/** Where in Backstage the browser may go after a login: always at the portal's origin. */
export function wayBack({ appUrl }: Portal, returnTo?: string): string {
  const app = `${appUrl}/`;
  const back =
    returnTo !== undefined && URL.canParse(returnTo, app)
      ? new URL(returnTo, app)
      : undefined;
  return back?.origin === new URL(app).origin ? back.href : app;
}
