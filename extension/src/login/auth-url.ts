// Checks the authorization URL that the backend sends, exactly as the helper does (src/helper/session/auth_url.rs), and refuses one that no
// honest backend would send.
import { isSecret } from '../messages';
import { webAddress } from '../portals';

/** What is wrong with an authorization URL; each has a sentence, `login_address_…`. */
export type Fault =
  | 'address'
  | 'not_ascii'
  | 'repeated'
  | 'request_object'
  | 'response_type'
  | 'response_mode'
  | 'no_pkce'
  | 'other_redirect'
  | 'state'
  | 'provider';

/** A refusal of an authorization URL, or of the redirect URI that belongs to it. */
export class BadAuthUrl extends Error {
  constructor(readonly fault: Fault, readonly parameter = '') {
    super(fault);
  }
}

/** An authorization URL that has been checked. */
export interface AuthUrl {
  /** Byte for byte as the backend sent it. */
  text: string;
  state: string;
  /** The identity provider's host, for display. */
  host: string;
}

/** What the backend's `GET /info` says of redirect URIs. */
export interface RedirectUris {
  redirectUri: string;
  clusters: { name: string; redirectUri?: string }[];
}

/** The one origin that identity providers send the browser to, and the only one to which requests are caught. */
const CALLBACK_ORIGIN = 'http://localhost:8000';

/** The redirect URI of a cluster. It must be at the place that the rules catch. */
export function redirectUriOf(info: RedirectUris, cluster: string): string {
  const own = info.clusters.find(({ name }) => name === cluster)?.redirectUri;
  const text = own ?? info.redirectUri;
  if (!isPrintable(text) || !URL.canParse(text)) {
    throw new BadAuthUrl('other_redirect');
  }
  const url = new URL(text);
  const extras = url.username || url.password || /[?#]/.test(text);
  if (url.origin !== CALLBACK_ORIGIN || extras) {
    throw new BadAuthUrl('other_redirect');
  }
  return text;
}

/**
 * Reads and checks an authorization URL.
 *
 * @param providers the origins that it may have; any https origin where there is no list
 */
export function readAuthUrl(
  text: string,
  redirectUri: string,
  providers: string[] | undefined,
): AuthUrl {
  if (!isPrintable(text)) {
    throw new BadAuthUrl('not_ascii');
  }
  const url = webAddress(text);
  if (!url || url.username || url.password || text.includes('#')) {
    throw new BadAuthUrl('address');
  }
  const state = checkedState(onceEach(url.searchParams), redirectUri);
  if (providers && !providers.includes(url.origin)) {
    throw new BadAuthUrl('provider');
  }
  return { text, state, host: url.hostname };
}

function checkedState(
  parameters: Map<string, string>,
  redirectUri: string,
): string {
  if (parameters.has('request') || parameters.has('request_uri')) {
    throw new BadAuthUrl('request_object');
  }
  if (parameters.get('response_type') !== 'code') {
    throw new BadAuthUrl('response_type');
  }
  if ((parameters.get('response_mode') ?? 'query') !== 'query') {
    throw new BadAuthUrl('response_mode');
  }
  const challenge = parameters.get('code_challenge')?.length === 43;
  if (!challenge || parameters.get('code_challenge_method') !== 'S256') {
    throw new BadAuthUrl('no_pkce');
  }
  if (parameters.get('redirect_uri') !== redirectUri) {
    throw new BadAuthUrl('other_redirect');
  }
  const state = parameters.get('state');
  if (!isSecret(state)) {
    throw new BadAuthUrl('state');
  }
  return state;
}

/** Parsers differ in which value of a repeated parameter they use (RFC 6749, 3.1). */
function onceEach(parameters: URLSearchParams): Map<string, string> {
  const once = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (once.has(name)) {
      throw new BadAuthUrl('repeated', name);
    }
    once.set(name, value);
  }
  return once;
}

/** A browser ignores white space in an address, and may read other characters differently from the backend. */
function isPrintable(text: string): boolean {
  return /^[!-~]+$/.test(text);
}
