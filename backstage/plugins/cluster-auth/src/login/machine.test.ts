import { type BrowserHints, browserOf, likelyShell, systemOf } from './machine';

const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0';

/** What real browsers send. */
const USER_AGENTS = {
  windowsChrome: `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36`,
  windowsEdge: `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36 Edg/142.0.0.0`,
  windowsFirefox:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0',
  macChrome: `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${CHROME} Safari/537.36`,
  macSafari:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15',
  macFirefox:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0',
  linuxChrome: `Mozilla/5.0 (X11; Linux x86_64) ${CHROME} Safari/537.36`,
  linuxFirefox:
    'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  linuxArmFirefox:
    'Mozilla/5.0 (X11; Ubuntu; Linux aarch64; rv:145.0) Gecko/20100101 Firefox/145.0',
  chromebook: `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${CHROME} Safari/537.36`,
  androidChrome: `Mozilla/5.0 (Linux; Android 10; K) ${CHROME} Mobile Safari/537.36`,
  androidTablet: `Mozilla/5.0 (Linux; Android 10; K) ${CHROME} Safari/537.36`,
  androidFirefox:
    'Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0',
  iphoneSafari:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
  iphoneChrome:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.0.0 Mobile/15E148 Safari/604.1',
  oldIpad:
    'Mozilla/5.0 (iPad; CPU OS 12_5_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 Mobile/15E148 Safari/604.1',
  freebsd:
    'Mozilla/5.0 (X11; FreeBSD amd64; rv:145.0) Gecko/20100101 Firefox/145.0',
};

describe('browserOf', () => {
  it.each([
    ['windowsChrome', 'Chrome'],
    ['windowsEdge', 'Edge'],
    ['windowsFirefox', 'Firefox'],
    ['macChrome', 'Chrome'],
    ['macSafari', undefined],
    ['macFirefox', 'Firefox'],
    ['linuxChrome', 'Chrome'],
    ['linuxArmFirefox', 'Firefox'],
    ['chromebook', 'Chrome'],
    ['androidChrome', undefined],
    ['androidFirefox', undefined],
    ['iphoneChrome', undefined],
  ] as const)('is what the extension is for: %s', (name, browser) => {
    expect(browserOf({ userAgent: USER_AGENTS[name] })).toBe(browser);
  });

  it('goes by the brands where a browser says them, and leaves out one that takes extensions from elsewhere', () => {
    const of = (brand: string, userAgent = '') =>
      browserOf({
        userAgent,
        userAgentData: {
          platform: 'Windows',
          mobile: false,
          brands: [{ brand: 'Chromium' }, { brand }],
        },
      });
    expect(of('Google Chrome')).toBe('Chrome');
    expect(of('Microsoft Edge')).toBe('Edge');
    expect(of('Opera', `${USER_AGENTS.windowsChrome} OPR/120.0`)).toBe(
      undefined,
    );
  });
});

describe('systemOf', () => {
  it.each([
    ['windowsChrome', 'windows'],
    ['windowsEdge', 'windows'],
    ['windowsFirefox', 'windows'],
    ['macChrome', 'macos'],
    ['macSafari', 'macos'],
    ['macFirefox', 'macos'],
    ['linuxChrome', 'linux'],
    ['linuxFirefox', 'linux'],
    ['linuxArmFirefox', 'linux'],
    ['chromebook', 'chromeos'],
    ['androidChrome', 'handheld'],
    ['androidTablet', 'handheld'],
    ['androidFirefox', 'handheld'],
    ['iphoneSafari', 'handheld'],
    ['iphoneChrome', 'handheld'],
    ['oldIpad', 'handheld'],
    ['freebsd', 'other'],
  ] as const)('reads the user agent: %s is %s', (browser, system) => {
    expect(systemOf({ userAgent: USER_AGENTS[browser] })).toBe(system);
  });

  it('tells an iPad, which says that it is a Mac, by its touch screen', () => {
    const userAgent = USER_AGENTS.macSafari;
    expect(systemOf({ userAgent, maxTouchPoints: 5 })).toBe('handheld');
    expect(systemOf({ userAgent, maxTouchPoints: 0 })).toBe('macos');
  });

  it('takes a computer with a touch screen for one', () => {
    const hints = (userAgent: string): BrowserHints => ({
      userAgent,
      maxTouchPoints: 10,
    });
    expect(systemOf(hints(USER_AGENTS.windowsEdge))).toBe('windows');
    expect(systemOf(hints(USER_AGENTS.chromebook))).toBe('chromeos');
    expect(systemOf(hints(USER_AGENTS.linuxChrome))).toBe('linux');
  });

  it.each([
    ['Windows', 'windows'],
    ['macOS', 'macos'],
    ['Linux', 'linux'],
    ['Chrome OS', 'chromeos'],
    ['Chromium OS', 'chromeos'],
    ['Android', 'handheld'],
    ['iOS', 'handheld'],
  ])('believes the platform before the user agent: %s', (platform, system) => {
    const userAgentData = { platform, mobile: false };
    expect(systemOf({ userAgent: USER_AGENTS.freebsd, userAgentData })).toBe(
      system,
    );
  });

  it.each(['', 'Unknown'])(
    'reads the user agent where the platform is hidden: "%s"',
    platform => {
      const userAgentData = { platform, mobile: false };
      expect(
        systemOf({ userAgent: USER_AGENTS.linuxChrome, userAgentData }),
      ).toBe('linux');
    },
  );

  it('knows a phone that asks for pages of computers', () => {
    const userAgentData = { platform: 'Linux', mobile: true };
    expect(
      systemOf({ userAgent: USER_AGENTS.linuxChrome, userAgentData }),
    ).toBe('handheld');
  });
});

describe('likelyShell', () => {
  it('is PowerShell on Windows, and sh elsewhere', () => {
    expect(likelyShell('windows')).toBe('powershell');
    expect(likelyShell('macos')).toBe('sh');
    expect(likelyShell('chromeos')).toBe('sh');
    expect(likelyShell('other')).toBe('sh');
  });
});
