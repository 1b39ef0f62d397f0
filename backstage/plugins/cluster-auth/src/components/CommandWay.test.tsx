import { screen } from '@testing-library/react';

import { violations } from '../__testUtils__/app';
import { dialog, openDialog } from '../__testUtils__/openedDialog';

const copied = jest.fn();
// jsdom has no clipboard for it; the browser tests have.
jest.mock('react-use/esm/useCopyToClipboard', () => ({
  __esModule: true,
  default: () => [{}, copied],
}));

const MAC =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15';
const WINDOWS =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0';
const PHONE =
  'Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0';

const EVERYTHING = {
  commands: {
    docker: { image: 'registry.example.com/helper' },
    npx: { package: '@example/helper' },
  },
  install: {
    guide: 'https://wiki.example.com/helper',
    script: 'https://downloads.example.com/helper/install.sh',
    scoop: 'https://downloads.example.com/helper.json',
  },
};

async function opened(
  userAgent: string,
  options: Parameters<typeof openDialog>[0] = {},
) {
  jest.spyOn(navigator, 'userAgent', 'get').mockReturnValue(userAgent);
  const { open, user } = await openDialog({
    cluster: 'prod',
    remembered: {},
    clusterAuth: EVERYTHING,
    ...options,
  });
  await open();
  const shown = await dialog();
  await shown.findByRole('timer');
  return { shown, user };
}

function lines() {
  return [...document.querySelectorAll('code')].map(code =>
    code.textContent?.trim(),
  );
}

describe('CommandWay', () => {
  afterEach(() => jest.restoreAllMocks());

  it('says first what is the easiest on this machine, and chooses its command: macOS', async () => {
    const { shown, user } = await opened(MAC);
    shown.getByRole('heading', { name: 'Nothing installed yet?' });
    shown.getByText(/^On macOS, the program is the easiest way\./);
    expect(
      shown.getByRole('link', { name: /How to get the helper/ }),
    ).toHaveAttribute('href', 'https://wiki.example.com/helper');
    expect(lines()).toEqual([
      "curl -fsSL 'https://downloads.example.com/helper/install.sh' | BASE_URL='https://downloads.example.com/helper' sh",
      expect.stringMatching(
        /^BACKSTAGE_SESSION_TOKEN='.*' PATH=.* backstage-oidc-helper login /,
      ),
    ]);
    await user.click(
      shown.getByRole('button', { name: 'Copy install command' }),
    );
    expect(copied).toHaveBeenCalledWith(lines()[0]);
    expect(await violations()).toEqual([]);
  });

  it('says first what is the easiest on this machine, and chooses its command: Windows', async () => {
    const { shown } = await opened(WINDOWS);
    shown.getByText(/^On Windows, npx is the easiest way\./);
    expect(lines()).toEqual([
      'winget install OpenJS.NodeJS.LTS',
      expect.stringMatching(/^try \{ .*; npx\.cmd '@example\/helper' login /),
    ]);
  });

  it('shows one way at a time with what it needs, of two commands at most', async () => {
    const { shown, user } = await opened(WINDOWS);
    await user.click(shown.getByRole('button', { name: 'Installed program' }));
    expect(lines()).toEqual([
      "scoop install 'https://downloads.example.com/helper.json'",
      expect.stringContaining('backstage-oidc-helper login'),
    ]);
    await user.click(shown.getByRole('button', { name: 'Docker' }));
    shown.getByText(/^It needs Docker/);
    expect(lines()).toEqual([expect.stringContaining('docker run ')]);
  });

  it('begins with the way of the last login, and folds what is to be installed', async () => {
    const { shown, user } = await opened(MAC, {
      remembered: { lastWay: 'npx' },
    });
    expect(lines()).toEqual([expect.stringContaining(' npx ')]);
    expect(shown.queryByText(/easiest/)).toBeNull();
    await user.click(
      shown.getByRole('button', {
        name: 'Nothing installed yet?',
        expanded: false,
      }),
    );
    shown.getByText(/^It needs Node\.js/);
  });

  it('begins with the terminal that was chosen last', async () => {
    const { shown, user } = await opened(WINDOWS);
    await user.click(shown.getByRole('button', { name: 'Command Prompt' }));
    expect(lines()[1]).toMatch(/^set "BACKSTAGE_SESSION_TOKEN=.*" & npx "/);
    expect(localStorage.getItem('cluster-auth.shell')).toBe('cmd');
  });

  it('remembers the terminal for the next page', async () => {
    const { shown } = await opened(WINDOWS, { remembered: { shell: 'cmd' } });
    shown.getByRole('button', { name: 'Command Prompt', pressed: true });
    expect(lines()[1]).toMatch(/^set /);
  });

  it('tells a person with a phone to take a computer, and folds the rest', async () => {
    const { shown, user } = await opened(PHONE);
    shown.getByText(/phone or a tablet cannot run the helper/);
    expect(lines()).toEqual([]);
    expect(shown.queryByRole('button', { name: /helper/ })).toBeNull();
    await user.click(
      shown.getByRole('button', { name: 'Log in from here all the same' }),
    );
    expect(lines()).toHaveLength(2);
  });

  it('suggests nothing where that is switched off', async () => {
    const clusterAuth = {
      ...EVERYTHING,
      install: { ...EVERYTHING.install, suggest: false },
    };
    await opened(MAC, { clusterAuth });
    expect(screen.queryByText(/Nothing installed yet/)).toBeNull();
    expect(lines()).toHaveLength(1);
  });

  it('sends to the admins where nothing is configured', async () => {
    const { shown } = await opened(MAC, { clusterAuth: {} });
    shown.getByText(/ask the admins of this Backstage how to get it/);
    expect(shown.queryByRole('link')).toBeNull();
    expect(lines()).toHaveLength(1);
  });
});
