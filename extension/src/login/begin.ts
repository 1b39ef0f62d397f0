// Begins a login that a portal's page asks for, and goes on with one that the user confirmed.
import { browser } from '../browser';
import {
  backendOf,
  configuredPortals,
  type Portal,
  portalAt,
} from '../portals';
import { sentence } from '../sentences';
import { BadAuthUrl, readAuthUrl, redirectUriOf } from './auth-url';
import { type Answer, Backend, type Info, type Session } from './backend';
import { browserLetsUs } from './canary';
import { isConfirmed } from './confirmed';
import { end, endAlarm, ended, problemOf } from './end';
import {
  allLogins,
  change,
  isUnderWay,
  keep,
  type Login,
  loginWith,
  type Problem,
} from './login';
import { permitted, refusalAt } from './permissions';
import { install, reserveIds, uninstall } from './rules';

/** As many logins may be under way: no more than the backend keeps of one user. */
const MOST_LOGINS = 8;

/** No session lives longer. */
const LONGEST_MS = 5 * 60_000;

/** The page that asks. */
export interface Asker {
  tab: { id: number; index: number; windowId: number };
  requestId: string;
  /** The address of its top frame, by the browser's own word. */
  address: string;
}

/** Why no login begins. */
class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.code);
  }
}

/**
 * Begins a login.
 *
 * @returns why not; nothing where it is under way
 */
export async function begin(
  asker: Asker,
  sessionToken: string,
): Promise<Problem | undefined> {
  try {
    // One after the other, so that one page that asks twice gets one login.
    await navigator.locks.request('begin', () => tryTo(asker, sessionToken));
    return undefined;
  } catch (error) {
    if (error instanceof Refused) {
      return error.problem;
    }
    if (error instanceof BadAuthUrl) {
      const { fault, parameter } = error;
      const what = sentence(`login_address_${fault}`, parameter);
      return problemOf('wrong_login_address', what);
    }
    throw error;
  }
}

async function tryTo(asker: Asker, sessionToken: string): Promise<void> {
  const { portals } = await configuredPortals();
  const portal = portalAt(portals, asker.address);
  if (!portal) {
    throw new Refused(problemOf('portal_unknown'));
  }
  if (!(await permitted(portal))) {
    throw new Refused(problemOf('permission_missing'));
  }
  if (await isTakenOver(asker, sessionToken)) {
    return;
  }
  const login = await newLogin(asker, portal, sessionToken);
  if (!(await browserLetsUs())) {
    throw new Refused(problemOf('browser_prevents'));
  }
  await endingOnFailure(login.id, () => open(login, asker));
}

/** What fails for a reason that has no sentence leaves no login behind that is said to be under way. */
async function endingOnFailure<T>(
  id: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refused)) {
      await end(id, { kind: 'failed', problem: problemOf('unexpected') });
    }
    throw error;
  }
}

/** A page that asks again with the same session, after a reload, takes its login over: one that is delivered, or else a new one. */
async function isTakenOver(
  { tab, requestId }: Asker,
  sessionToken: string,
): Promise<boolean> {
  const underWay = (await allLogins()).filter(isUnderWay);
  const same = underWay.find(
    ({ secrets }) => secrets?.sessionToken === sessionToken,
  );
  if (!same) {
    if (underWay.length >= MOST_LOGINS) {
      const message = sentence('problem_rate_limited_logins');
      throw new Refused({ code: 'rate_limited', message });
    }
    return false;
  }
  const left = await change(same.id, login => leftTo(login, tab.id, requestId));
  if (left?.step === 'delivering') {
    return true;
  }
  await uninstall(left ?? same);
  if (same.step === 'confirming' && same.loginTab !== undefined) {
    await browser.tabs.remove(same.loginTab).catch(() => undefined);
  }
  return false;
}

function leftTo(login: Login, portalTab: number, requestId: string): Login {
  if (login.step === 'delivering') {
    return { ...login, portalTab, requestId };
  }
  const problem = problemOf('not_confirmed');
  // The page does not wait for this one's result any more.
  return { ...ended(login, { kind: 'failed', problem }), requestId: '' };
}

async function newLogin(
  asker: Asker,
  portal: Portal,
  sessionToken: string,
): Promise<Login> {
  const base = backendOf(portal);
  const backend = new Backend(base);
  const [session, info] = await Promise.all([
    backend.session(sessionToken),
    backend.info(),
  ]);
  const { body, sentAt } = answered(session, base);
  const { body: facts } = answered(info, base);
  const text = authUrlOf(body);
  const redirectUri = redirectUriOf(facts, body.cluster);
  const authUrl = readAuthUrl(text, redirectUri, portal.providers);
  await refuseTwins(authUrl.state);
  const now = Date.now();
  const left = Date.parse(body.expiresAt) - (sentAt ?? now);
  if (!(left > 0)) {
    throw new Refused(problemOf('session_expired'));
  }
  return {
    id: crypto.randomUUID(),
    portal,
    user: body.user,
    cluster: titleOf(facts, body.cluster),
    returnTo: body.returnTo,
    endsAt: now + Math.min(left, LONGEST_MS),
    step: 'confirming',
    portalTab: asker.tab.id,
    requestId: asker.requestId,
    providerHost: authUrl.host,
    redirectUri,
    ruleIds: [],
    secrets: { sessionToken, state: authUrl.state, authUrl: text },
  };
}

/** Two logins with one state would be one to the rules: an honest backend makes no two. */
async function refuseTwins(state: string): Promise<void> {
  const underWay = (await allLogins()).filter(isUnderWay);
  if (underWay.some(({ secrets }) => secrets?.state === state)) {
    throw new BadAuthUrl('state');
  }
}

function answered<T>(
  answer: Answer<T>,
  base: string,
): { body: T; sentAt?: number } {
  switch (answer.kind) {
    case 'ok':
      return answer;
    case 'refused': {
      const { code, message, status } = answer.refusal;
      const said = message ?? sentence('backend_status', String(status));
      throw new Refused({ code, message: said });
    }
    case 'unreadable':
      throw new Refused({ message: sentence('backend_unreadable', base) });
    default:
      throw new Refused(problemOf('backend_unreachable', base));
  }
}

/** The authorization URL of a session that waits for one, and for a user. */
function authUrlOf({ status, user, authUrl, error }: Session): string {
  if (status === 'expired') {
    throw new Refused(problemOf('session_expired'));
  }
  if (status !== 'pending' || authUrl === undefined) {
    const message = sentence('problem_session_over');
    throw new Refused(error ?? { code: 'session_finished', message });
  }
  if (!/^[^\s:/]+:[^\s:/]+\/[^\s:/]+$/.test(user)) {
    throw new Refused({ message: sentence('problem_no_user') });
  }
  return authUrl;
}

function titleOf({ clusters }: Info, name: string): string {
  return clusters.find(cluster => cluster.name === name)?.title || name;
}

/** Opens what comes next in a tab beside the portal's: the question, or the provider where it was answered before. */
async function open(login: Login, asker: Asker): Promise<void> {
  await browser.alarms.create(endAlarm(login.id), { when: login.endsAt });
  const { id, portal, user } = login;
  await keep(login);
  const url = (await isConfirmed(portal, user))
    ? await openProvider(login)
    : browser.runtime.getURL(`confirm.html#${id}`);
  const { tab } = asker;
  const opened = await browser.tabs.create({
    url,
    index: tab.index + 1,
    windowId: tab.windowId,
    openerTabId: tab.id,
  });
  await change(id, kept => ({ ...kept, loginTab: opened.id }));
}

/**
 * Installs the rules. Only with them in place may the provider be opened.
 *
 * @returns the address to open
 */
async function openProvider({ id, secrets, ...login }: Login): Promise<string> {
  const problem = await refusalAt(login.portal);
  if (problem) {
    await end(id, { kind: 'failed', problem });
    throw new Refused(problem);
  }
  const { authUrl, state } = secrets ?? {};
  if (authUrl === undefined || state === undefined) {
    throw new Refused({ message: sentence('problem_session_over') });
  }
  const ruleIds = await reserveIds();
  const changed = await change(id, kept =>
    kept.step === 'confirming' && kept.secrets
      ? {
          ...kept,
          step: 'authorizing',
          ruleIds,
          secrets: { ...kept.secrets, authUrl: undefined },
        }
      : undefined,
  );
  if (!changed) {
    throw new Refused({ message: sentence('problem_session_over') });
  }
  await install({ state, redirectUri: login.redirectUri }, ruleIds);
  // It may have ended meanwhile, and what removes its rules was too early.
  if ((await loginWith(id))?.step !== 'authorizing') {
    await uninstall({ ruleIds });
    throw new Refused({ message: sentence('problem_session_over') });
  }
  return authUrl;
}

/**
 * The click that confirms: the tab of the question goes to the provider.
 *
 * @returns why not
 */
export async function goOn(
  id: string,
  tab: number,
): Promise<Problem | undefined> {
  const login = await loginWith(id);
  if (login?.step !== 'confirming' || login.loginTab !== tab) {
    return { message: sentence('problem_session_over') };
  }
  try {
    await endingOnFailure(id, async () => {
      const url = await openProvider(login);
      await browser.tabs.update(tab, { url });
    });
    return undefined;
  } catch (error) {
    if (error instanceof Refused) {
      return error.problem;
    }
    throw error;
  }
}

/** The user says no, or closes the question. */
export async function decline(id: string): Promise<void> {
  const login = await loginWith(id);
  if (login?.step === 'confirming') {
    await end(id, { kind: 'failed', problem: problemOf('not_confirmed') });
  }
}
