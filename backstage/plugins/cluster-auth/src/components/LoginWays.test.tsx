import {
  act,
  fireEvent,
  screen,
  waitFor,
  within,
} from '@testing-library/react';

import { SESSION_TOKEN } from '../__testUtils__/ClusterAuthStandIn';
import { dialog, openDialog, submissions } from '../__testUtils__/openedDialog';

const copied = jest.fn();
// jsdom has no clipboard for it; the browser tests have.
jest.mock('react-use/esm/useCopyToClipboard', () => ({
  __esModule: true,
  default: () => [{}, copied],
}));
describe('LoginWays', () => {
  afterEach(() => jest.restoreAllMocks());

  it('remembers where the helper runs, in this browser', async () => {
    const submitted = submissions();
    const { open, user } = await openDialog({ cluster: 'prod' });
    await open();
    const shown = await dialog();
    await user.click(
      await shown.findByRole('radio', { name: /in a container/ }),
    );
    await user.click(shown.getByRole('button', { name: 'Use the helper' }));
    expect(submitted).toEqual(['http://localhost:8000/start']);
    expect(localStorage.getItem('cluster-auth.helperPlace')).toBe('container');
  });

  it('has not forgotten it the next time', async () => {
    const { open } = await openDialog({
      cluster: 'prod',
      remembered: { lastWay: 'helper', helperPlace: 'container' },
    });
    await open();
    expect(
      await (await dialog()).findByRole('radio', { name: /in a container/ }),
    ).toBeChecked();
  });

  it('begins with a command where nothing is known of a helper, and unfolds the other way', async () => {
    const { open, user } = await openDialog({
      cluster: 'prod',
      remembered: {},
    });
    await open();
    const shown = await dialog();
    await shown.findByRole('button', { name: 'Copy binary command' });
    expect(shown.queryByRole('button', { name: 'Use the helper' })).toBeNull();
    const unfold = shown.getByRole('button', {
      name: 'A helper is running? Use it',
      expanded: false,
    });
    await user.click(unfold);
    expect(unfold).toHaveAttribute('aria-expanded', 'true');
    expect(
      shown.getByRole('button', { name: 'Use the helper' }),
    ).toBeInTheDocument();
    await user.click(unfold);
    expect(shown.queryByRole('button', { name: 'Use the helper' })).toBeNull();
  });

  it('begins with the helper where the last login came through it, and folds the commands', async () => {
    const { open } = await openDialog({ cluster: 'prod' });
    await open();
    const shown = await dialog();
    await shown.findByRole('button', { name: 'Use the helper' });
    expect(
      shown.getByRole('button', {
        name: 'No helper is running? Use a command',
        expanded: false,
      }),
    ).toBeInTheDocument();
    expect(shown.queryByRole('button', { name: /Copy/ })).toBeNull();
  });

  it('is worked with the keyboard from top to bottom: the way, its choices, the other way, the end', async () => {
    const { open, user } = await openDialog({
      cluster: 'prod',
      remembered: {},
    });
    await open();
    const shown = await dialog();
    await shown.findByRole('button', { name: 'Copy binary command' });
    const names = [];
    for (let stop = 0; stop < 6; stop += 1) {
      await user.tab();
      const { activeElement } = document;
      names.push(
        activeElement?.getAttribute('aria-label') ?? activeElement?.textContent,
      );
    }
    expect(names).toEqual([
      'Copy binary command',
      'Linux, macOS',
      'PowerShell',
      'Command Prompt',
      'A helper is running? Use it',
      'Cancel',
    ]);
  });

  it('offers the commands when the user comes back from a helper that did not answer, and does not open it again', async () => {
    const submitted = submissions();
    const { open, user, clusterAuthApi } = await openDialog({
      cluster: 'prod',
      remembered: { lastWay: 'helper', provenHelper: 'http://localhost:8888' },
    });
    await open();
    const shown = await dialog();
    await waitFor(() => expect(submitted).toHaveLength(1));
    expect(shown.queryByRole('button', { name: /Copy/ })).toBeNull();
    act(() => {
      document.dispatchEvent(new Event('visibilitychange'));
    });
    expect(shown.getByRole('status')).toHaveTextContent(
      /no helper is running there/,
    );
    await user.click(
      shown.getByRole('button', { name: 'Copy binary command' }),
    );
    await act(async () => clusterAuthApi.tell('complete'));
    await waitFor(() =>
      expect(screen.queryByRole('dialog')).not.toBeInTheDocument(),
    );
    await open();
    await (await dialog()).findByRole('button', { name: /Copy binary/ });
    await user.click(screen.getByRole('button', { name: 'Cancel' }));
    expect(submitted).toHaveLength(1);
  });

  it('hides the session token in the command, and copies the whole command', async () => {
    const { open, user, clusterAuthApi } = await openDialog({
      cluster: 'prod',
      remembered: {},
    });
    await open();
    const shown = await dialog();
    const copy = await shown.findByRole('button', { name: /Copy binary/ });
    const code = document.querySelector('code')!;
    expect(code).toHaveTextContent(/^BACKSTAGE_SESSION_TOKEN='••••••••' /);
    expect(
      within(code).getByRole('img', { name: 'hidden session token' }),
    ).toBeInTheDocument();
    expect(document.body.outerHTML).not.toContain(SESSION_TOKEN);
    await user.click(copy);
    expect(copied).toHaveBeenCalledWith(
      expect.stringMatching(
        `^ BACKSTAGE_SESSION_TOKEN='${SESSION_TOKEN}' backstage-oidc-helper login `,
      ),
    );
    expect(shown.getByRole('status')).toHaveTextContent(
      'Paste the command into a terminal',
    );
    await act(async () => clusterAuthApi.tell('complete'));
    expect(localStorage.getItem('cluster-auth.lastWay')).toBe('binary');
  });

  it('copies the whole command where it is selected by hand, too', async () => {
    const { open } = await openDialog({
      cluster: 'prod',
      remembered: {},
    });
    await open();
    await (await dialog()).findByRole('button', { name: /Copy binary/ });
    const code = document.querySelector('code')!;
    window.getSelection()?.selectAllChildren(code);
    const clipboardData = { setData: jest.fn() };
    fireEvent.copy(code, { clipboardData });
    expect(clipboardData.setData).toHaveBeenCalledWith(
      'text/plain',
      expect.stringMatching(
        `^ BACKSTAGE_SESSION_TOKEN='${SESSION_TOKEN}' .* --backend `,
      ),
    );
  });

  it('has one command at a time, the one that was used last', async () => {
    const { open, user } = await openDialog({
      cluster: 'prod',
      remembered: { lastWay: 'npx' },
      clusterAuth: {
        commands: {
          docker: { image: 'registry.example.com/helper' },
          npx: { package: '@example/helper' },
        },
      },
    });
    await open();
    const shown = await dialog();
    const commands = () =>
      [...document.querySelectorAll('code')].map(code => code.textContent);
    await shown.findByRole('button', { name: 'Copy npx command' });
    expect(commands()).toEqual([expect.stringContaining(' npx ')]);
    await user.click(shown.getByRole('button', { name: 'Docker' }));
    shown.getByRole('button', { name: 'Copy docker command' });
    expect(commands()).toEqual([expect.stringContaining(' docker run ')]);
    await user.click(shown.getByRole('button', { name: 'PowerShell' }));
    expect(commands()).toEqual([
      expect.stringMatching(/^try \{ \$env:BACKSTAGE_SESSION_TOKEN=/),
    ]);
  });

  it('names Backstage as the page knows it in commands', async () => {
    const { open } = await openDialog({ cluster: 'prod', remembered: {} });
    await open();
    await (await dialog()).findByRole('button', { name: /Copy binary/ });
    expect(document.querySelector('code')).toHaveTextContent(
      /--backend 'https:\/\/backstage\.example\.com\/portal'$/,
    );
  });

  it('offers no command that downloads what is not configured', async () => {
    const { open } = await openDialog({ cluster: 'prod', remembered: {} });
    await open();
    const shown = await dialog();
    await shown.findByRole('button', { name: 'Copy binary command' });
    expect(shown.queryByRole('button', { name: /docker|npx/i })).toBeNull();
  });

  it('hides the one command that needs no configuration where it is switched off', async () => {
    const { open } = await openDialog({
      cluster: 'prod',
      remembered: {},
      clusterAuth: { commands: { binary: false } },
    });
    await open();
    const shown = await dialog();
    await shown.findByRole('button', { name: 'Use the helper' });
    expect(shown.queryByRole('button', { name: /Copy/ })).toBeNull();
  });

  it('keeps the session token out of the page', async () => {
    submissions();
    const { open, user } = await openDialog({ cluster: 'prod' });
    await open();
    const shown = await dialog();
    await user.click(
      await shown.findByRole('button', { name: 'Use the helper' }),
    );
    await user.click(shown.getByRole('button', { name: /Use a command/ }));
    await shown.findByRole('button', { name: 'Copy binary command' });
    expect(document.documentElement.outerHTML).not.toContain(SESSION_TOKEN);
    expect(JSON.stringify({ ...localStorage })).not.toContain(SESSION_TOKEN);
    expect(window.location.href).not.toContain(SESSION_TOKEN);
  });
});
