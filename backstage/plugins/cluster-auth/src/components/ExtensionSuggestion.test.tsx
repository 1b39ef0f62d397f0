import { waitFor } from '@testing-library/react';

import { violations } from '../__testUtils__/app';
import { extensionInPage } from '../__testUtils__/extensionInPage';
import { dialog, openDialog } from '../__testUtils__/openedDialog';

const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';
const USER_AGENTS = {
  Chrome: CHROME,
  Edge: `${CHROME} Edg/142.0.0.0`,
  Firefox:
    'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  Safari:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15',
  phone: 'Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0',
};
const INSTALL = {
  extension: 'https://store.example.com/helper',
  extensionForFirefox: 'https://addons.example.com/helper',
};
const NPX = { package: '@example/helper' };

async function opened(
  browser: keyof typeof USER_AGENTS,
  options: Parameters<typeof openDialog>[0] = {},
) {
  jest
    .spyOn(navigator, 'userAgent', 'get')
    .mockReturnValue(USER_AGENTS[browser]);
  const { open, user } = await openDialog({
    cluster: 'prod',
    remembered: {},
    clusterAuth: { commands: { npx: NPX }, install: INSTALL },
    ...options,
  });
  await open();
  const shown = await dialog();
  await shown.findByRole('timer');
  return { shown, user };
}

describe('ExtensionSuggestion', () => {
  afterEach(() => jest.restoreAllMocks());

  it.each([
    ['Chrome', INSTALL.extension],
    ['Edge', INSTALL.extension],
    ['Firefox', INSTALL.extensionForFirefox],
  ] as const)(
    'comes first, with its address, for a person who has nothing installed: %s',
    async (browser, address) => {
      const { shown, user } = await opened(browser);
      shown.getByText(
        new RegExp(`^In ${browser}, the extension is the easiest way`),
      );
      const link = shown.getByRole('button', { name: /Get the extension/ });
      expect(link).toHaveAttribute('href', address);
      expect(link).toHaveAttribute('target', '_blank');
      expect(shown.queryByRole('button', { name: /Copy/ })).toBeNull();
      expect(await violations()).toEqual([]);

      await user.click(
        shown.getByRole('button', { name: 'Use a command instead' }),
      );
      shown.getByRole('button', { name: 'Copy npx command' });
      shown.getByText(/^It needs Node\.js/);
      expect(await violations()).toEqual([]);
    },
  );

  it.each([
    ['without an address', 'Chrome', { clusterAuth: {} }],
    [
      'where suggestions are switched off',
      'Chrome',
      { clusterAuth: { install: { ...INSTALL, suggest: false } } },
    ],
    ['in another browser', 'Safari', {}],
    ['on a phone', 'phone', {}],
    [
      'for a person who logs in by another way',
      'Chrome',
      { remembered: { lastWay: 'npx' } },
    ],
  ] as const)('is not there %s', async (_, browser, options) => {
    const { shown } = await opened(browser, options);
    expect(shown.queryByText(/Get the extension/)).toBeNull();
    expect(shown.queryByText(/Use a command instead/)).toBeNull();
  });

  it('gives way to the extension once the person comes back with it, who then begins with a click', async () => {
    const { shown, user } = await opened('Chrome');
    const { said } = extensionInPage();
    // A person who comes back within the time in which it may answer yet is asked for again the next time.
    const use = await waitFor(() => {
      document.dispatchEvent(new Event('visibilitychange'));
      return shown.getByRole('button', { name: 'Use the browser extension' });
    });
    expect(said.filter(({ type }) => type === 'start')).toEqual([]);
    await user.click(use);
    expect(shown.queryByText(/Get the extension/)).toBeNull();
    expect(said.filter(({ type }) => type === 'start')).toHaveLength(1);
    expect(shown.getByRole('status')).toHaveTextContent(/has opened the login/);
  });
});
