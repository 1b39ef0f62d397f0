import type { Shell } from './commands';

/** What a person sits at. A phone or a tablet runs no helper. */
export type System =
  | 'windows'
  | 'macos'
  | 'linux'
  | 'chromeos'
  | 'handheld'
  | 'other';

/** The browsers that the extension is for, by the name that people know. */
export type Browser = 'Chrome' | 'Edge' | 'Firefox';

/** What browsers say of their machine without asking the person. */
export interface BrowserHints {
  userAgent: string;
  maxTouchPoints?: number;
  /** Chromium's, in pages at https and on localhost. */
  userAgentData?: {
    platform: string;
    mobile: boolean;
    brands?: { brand: string }[];
  };
}

/** The first that matches counts: Android also says "Linux", iPhones say "like Mac OS X". */
const SYSTEMS: [System, RegExp][] = [
  ['handheld', /Android|iPhone|iPad|iPod|\biOS\b|Mobi/],
  ['windows', /Windows/],
  ['chromeos', /\bCrOS\b|Chrom(e|ium) OS/],
  ['macos', /Macintosh|macOS/],
  ['linux', /Linux/],
];

/** The first that matches counts: Edge also says "Chrome". Others that are built on Chromium say so, too, and most take its extensions. */
const BROWSERS: [Browser, RegExp][] = [
  ['Edge', /Edg\/|Microsoft Edge/],
  ['Firefox', /Firefox\//],
  ['Chrome', /Chrome\/|Google Chrome|Chromium/],
];

/** The browser, where the extension exists for it; not on phones and tablets. */
export function browserOf(hints: BrowserHints): Browser | undefined {
  const brands = hints.userAgentData?.brands ?? [];
  const said = [...brands.map(({ brand }) => brand), hints.userAgent].join();
  const isElsewhere = systemOf(hints) === 'handheld' || /OPR\//.test(said);
  return isElsewhere
    ? undefined
    : BROWSERS.find(([, pattern]) => pattern.test(said))?.[0];
}

/**
 * The system of this machine. The processor is not asked for: the install script, npm and Scoop find it out themselves. Neither is
 * `navigator.platform`: it is deprecated, and says nothing that the user agent does not say.
 */
export function systemOf(hints: BrowserHints): System {
  const { userAgent, userAgentData, maxTouchPoints = 0 } = hints;
  if (userAgentData?.mobile) {
    return 'handheld';
  }
  const system =
    matching(userAgentData?.platform ?? '') ?? matching(userAgent) ?? 'other';
  // An iPad says that it is a Mac, and no Mac has a touch screen.
  return system === 'macos' && maxTouchPoints > 1 ? 'handheld' : system;
}

function matching(text: string): System | undefined {
  return SYSTEMS.find(([, pattern]) => pattern.test(text))?.[0];
}

/** The shell that the user most likely has. */
export function likelyShell(system: System): Shell {
  return system === 'windows' ? 'powershell' : 'sh';
}
