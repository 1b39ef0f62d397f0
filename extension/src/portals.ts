import { browser } from './browser';

/** A Backstage that may begin logins. */
export interface Portal {
  /** Where its pages are. */
  appUrl: string;
  /** Below which `/api/cluster-auth` lies; `appUrl` where it is absent. */
  backendUrl?: string;
  /** The origins at which its users log in; without a list, any https origin. */
  providers?: string[];
}

/** Where both lists are in storage. */
export const KEY = 'portals';

/** The base below which a portal's backend lies. */
export function backendOf(portal: Portal): string {
  return portal.backendUrl ?? portal.appUrl;
}

/** The portals that may begin logins: an administrator's list, where there is one, replaces the user's own. */
export async function configuredPortals(): Promise<{
  portals: Portal[];
  managed: boolean;
}> {
  const managed = await managedPortals();
  if (managed !== undefined) {
    return { portals: managed, managed: true };
  }
  const { [KEY]: own } = await browser.storage.local.get(KEY);
  return { portals: readPortals(own) ?? [], managed: false };
}

/** Whether a portal is in the list, as it was when its login began. */
export async function isConfigured(portal: Portal): Promise<boolean> {
  const { portals } = await configuredPortals();
  const text = JSON.stringify(readPortal(portal));
  return portals.some(one => JSON.stringify(readPortal(one)) === text);
}

/** Keeps the user's own list. */
export async function savePortals(portals: Portal[]): Promise<void> {
  await browser.storage.local.set({ [KEY]: portals });
}

/** The portal that has a page at this address. */
export function portalAt(
  portals: Portal[],
  address: string,
): Portal | undefined {
  const page = webAddress(address);
  return (
    page &&
    portals.find(({ appUrl }) => {
      const app = new URL(appUrl);
      const below = app.pathname.replace(/\/+$/, '');
      const { pathname } = page;
      return (
        app.origin === page.origin &&
        (pathname === below || pathname.startsWith(`${below}/`))
      );
    })
  );
}

/** One entry of a list, checked; nothing where it is none. */
export function readPortal(value: unknown): Portal | undefined {
  if (typeof value !== 'object' || value === null || !('appUrl' in value)) {
    return undefined;
  }
  const { appUrl, backendUrl, providers } = value as Record<string, unknown>;
  const app = baseAddress(appUrl);
  const backend =
    backendUrl === undefined ? undefined : baseAddress(backendUrl);
  if (
    app === undefined ||
    (backendUrl !== undefined && backend === undefined)
  ) {
    return undefined;
  }
  const portal: Portal = { appUrl: app };
  if (backend !== undefined) {
    portal.backendUrl = backend;
  }
  if (providers !== undefined) {
    // A list that cannot be read must not become "any provider".
    const origins = readOrigins(providers);
    if (origins === undefined) {
      return undefined;
    }
    portal.providers = origins;
  }
  return portal;
}

/** Whether an address may be used: https, or http to this machine. */
export function webAddress(text: unknown): URL | undefined {
  // Chrome would make %20 of a blank in a host's name.
  if (typeof text !== 'string' || /\s/.test(text) || !URL.canParse(text)) {
    return undefined;
  }
  const url = new URL(text);
  return url.protocol === 'https:' ||
    (url.protocol === 'http:' && isThisMachine(url.hostname))
    ? url
    : undefined;
}

/** Whether it is an address of this machine to which the manifests offer no access. */
export function isOutOfReach(text: string): boolean {
  const url = webAddress(text);
  return (
    url?.protocol === 'http:' &&
    url.hostname !== 'localhost' &&
    url.hostname !== '127.0.0.1'
  );
}

function isThisMachine(host: string): boolean {
  return (
    host === 'localhost' ||
    host === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/.test(host)
  );
}

/** An address that a list may hold: the extension can get access to it. */
function listedAddress(text: unknown): URL | undefined {
  return typeof text === 'string' && !isOutOfReach(text)
    ? webAddress(text)
    : undefined;
}

/** An address to which paths are appended: without user, password, query, fragment and last slash. */
function baseAddress(text: unknown): string | undefined {
  const url = listedAddress(text);
  if (!url || url.username || url.password || url.search || url.hash) {
    return undefined;
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function readOrigins(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) {
    return undefined;
  }
  const origins = value.map(entry => listedAddress(entry)?.origin);
  return origins.some(origin => origin === undefined)
    ? undefined
    : origins.filter(origin => origin !== undefined);
}

function readPortals(value: unknown): Portal[] | undefined {
  return Array.isArray(value)
    ? value.map(readPortal).filter(portal => portal !== undefined)
    : undefined;
}

/** A list that cannot be read is an empty one: it must not become the user's own. */
async function managedPortals(): Promise<Portal[] | undefined> {
  const { [KEY]: portals } = await managedValues();
  return portals === undefined ? undefined : readPortals(portals) ?? [];
}

/** Firefox refuses to read managed storage where no administrator wrote any. */
async function managedValues(): Promise<Record<string, unknown>> {
  try {
    return await browser.storage.managed.get(KEY);
  } catch {
    return {};
  }
}
