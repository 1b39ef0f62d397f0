import type { Portal } from '../../portals';
import { backendOf } from '../../portals';
import { displayable, sentence } from '../../sentences';

/** How long to wait for a backend, in milliseconds: the person is looking at the page. */
const TIMEOUT = 10_000;

/** What was found at the address of a backend. */
export interface Finding {
  isGood: boolean;
  text: string;
}

/** The part of the backend's `GET /info` that is shown. */
interface Info {
  version: string;
  appUrl: string;
  redirectUri: string;
  clusters: { name: string; title: string }[];
}

/** What was found, and the portal that it was found for. */
export interface FoundPortal extends Finding {
  portal: Portal;
}

/** Asks as `find` does, at the address that was entered and at those above it: it may be that of a page within Backstage. */
export async function findAbove(
  portal: Portal,
  ask: typeof fetch,
): Promise<FoundPortal> {
  const asked = addressesAbove(portal).map(async place => ({
    portal: place,
    ...(await find(place, ask)),
  }));
  const entered = asked[0] ?? Promise.reject(new Error('no address'));
  return (await Promise.all(asked)).find(({ isGood }) => isGood) ?? entered;
}

/** The longest first. A backend with an address of its own is at no other. */
function addressesAbove(portal: Portal): Portal[] {
  const { origin, pathname } = new URL(portal.appUrl);
  const names = pathname.split('/').filter(name => name !== '');
  if (portal.backendUrl !== undefined || names.length === 0) {
    return [portal];
  }
  const above = names.map((_, length) =>
    [origin, ...names.slice(0, length)].join('/'),
  );
  return [portal, ...above.reverse().map(appUrl => ({ ...portal, appUrl }))];
}

/** Asks the backend of a portal who it is. Nothing is sent but the question. */
export async function find(
  portal: Portal,
  ask: typeof fetch,
): Promise<Finding> {
  const backend = backendOf(portal);
  let answer: Response;
  try {
    answer = await ask(`${backend}/api/cluster-auth/info`, {
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT),
    });
  } catch {
    return { isGood: false, text: sentence('found_nothing', backend) };
  }
  const info: unknown = await answer.json().catch(() => undefined);
  if (!answer.ok || !isInfo(info)) {
    return { isGood: false, text: sentence('found_other', backend) };
  }
  return judge(portal, info);
}

function judge(portal: Portal, info: Info): Finding {
  if (originOf(info.redirectUri) !== 'http://localhost:8000') {
    const redirect = displayable(info.redirectUri);
    const text = sentence('found_other_redirect', redirect);
    return { isGood: false, text };
  }
  const names = info.clusters.map(({ title }) => displayable(title));
  const found = sentence(
    'found_backend',
    displayable(info.version),
    names.join(', '),
  );
  // A backend can serve several Backstages, and names the first: so this is a hint, and no refusal.
  if (originOf(info.appUrl) !== originOf(portal.appUrl)) {
    const hint = sentence('found_other_backstage', displayable(info.appUrl));
    return { isGood: true, text: `${found} ${hint}` };
  }
  return { isGood: true, text: found };
}

function originOf(address: string): string | undefined {
  return URL.canParse(address) ? new URL(address).origin : undefined;
}

function isInfo(value: unknown): value is Info {
  const info = value as Partial<Info> | null | undefined;
  return (
    typeof info === 'object' &&
    info !== null &&
    typeof info.version === 'string' &&
    typeof info.appUrl === 'string' &&
    typeof info.redirectUri === 'string' &&
    Array.isArray(info.clusters) &&
    info.clusters.every(cluster => typeof cluster?.title === 'string')
  );
}
