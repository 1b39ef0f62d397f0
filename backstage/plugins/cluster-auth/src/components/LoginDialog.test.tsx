import {
  act,
  fireEvent,
  screen,
  waitFor,
  within,
} from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import {
  SESSION_TOKEN,
  connected,
  unconnected,
} from '../__testUtils__/ClusterAuthStandIn';
import { AppOptions, renderInApp, violations } from '../__testUtils__/app';
import { refusal } from '../__testUtils__/refusal';
import { LoginDialog } from './LoginDialog';

const copied = jest.fn();
// jsdom has no clipboard for it; the browser tests have.
jest.mock('react-use/esm/useCopyToClipboard', () => ({
  __esModule: true,
  default: () => [{}, copied],
}));

const STAGING = { ...unconnected, name: 'staging', title: 'Staging' };

/** A browser in which the last login came through a helper. */
const HELPER_USED = { remembered: { lastWay: 'helper' } };

async function openDialog(options?: AppOptions & { cluster?: string }) {
  const app = renderInApp(<LoginDialog />, { ...HELPER_USED, ...options });
  const user = userEvent.setup();
  app.show();
  const open = () =>
    act(async () => app.loginApi.open({ cluster: options?.cluster }));
  return { ...app, user, open };
}

async function dialog() {
  return within(await screen.findByRole('dialog', { name: 'Get K8s access' }));
}

/** The addresses to which forms were submitted. */
function submissions() {
  const submitted: string[] = [];
  jest
    .spyOn(HTMLFormElement.prototype, 'submit')
    .mockImplementation(function submit(this: HTMLFormElement) {
      submitted.push(this.action);
    });
  return submitted;
}

describe('LoginDialog', () => {
  afterEach(() => jest.restoreAllMocks());

  it('hands the login to the helper, follows it, and closes itself', async () => {
    const submitted = submissions();
    const { open, user, clusterAuthApi, loginApi } = await openDialog();
    clusterAuthApi.expiresAt = new Date(Date.now() + 299_000).toISOString();
    await open();
    const shown = await dialog();
    await user.click(
      await shown.findByRole('button', { name: 'Use the helper' }),
    );
    expect(submitted).toEqual(['http://localhost:8888/start']);
    expect(shown.getByRole('status')).toHaveTextContent(
      'Go on in the tab that has opened.',
    );
    expect(shown.getByRole('timer')).toHaveTextContent(/[0-4]:\d\d left/);
    expect(clusterAuthApi.calls).toContain('register prod');

    clusterAuthApi.calls.length = 0;
    await act(async () => clusterAuthApi.tell('complete'));
    expect(shown.getByRole('status')).toHaveTextContent(
      'Connected to Production.',
    );
    expect(clusterAuthApi.calls).toEqual(['status']);
    await waitFor(() =>
      expect(screen.queryByRole('dialog')).not.toBeInTheDocument(),
    );
    expect(loginApi.request.get()).toBeUndefined();
  });

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
    for (let stop = 0; stop < 5; stop += 1) {
      await user.tab();
      const { activeElement } = document;
      names.push(
        activeElement?.getAttribute('aria-label') ?? activeElement?.textContent,
      );
    }
    expect(names).toEqual([
      'Copy binary command',
      'Linux, macOS',
      'Windows PowerShell',
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
        `^BACKSTAGE_SESSION_TOKEN='${SESSION_TOKEN}' backstage-oidc-helper login `,
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
        `^BACKSTAGE_SESSION_TOKEN='${SESSION_TOKEN}' .* --backend `,
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
    await user.click(shown.getByRole('button', { name: 'Windows PowerShell' }));
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

  it('explains a failure, and tries again', async () => {
    const { open, user, clusterAuthApi } = await openDialog({
      cluster: 'prod',
    });
    await open();
    const shown = await dialog();
    await shown.findByRole('button', { name: 'Use the helper' });
    await act(async () => clusterAuthApi.tell('failed', 'access_denied'));
    expect(shown.getByRole('status')).toHaveTextContent(
      'A sentence: access_denied.',
    );
    expect(shown.queryByRole('button', { name: 'Use the helper' })).toBeNull();
    await user.click(shown.getByRole('button', { name: 'Try again' }));
    await shown.findByRole('button', { name: 'Use the helper' });
    expect(
      clusterAuthApi.calls.filter(call => call === 'register prod'),
    ).toHaveLength(2);
  });

  it('says that it cannot begin, and tries again', async () => {
    const { open, user, clusterAuthApi } = await openDialog({
      cluster: 'prod',
    });
    clusterAuthApi.refuses = await refusal(429, 'rate_limited');
    await open();
    const shown = await dialog();
    await waitFor(() =>
      expect(shown.getByRole('status')).toHaveTextContent(
        'A sentence: rate_limited.',
      ),
    );
    clusterAuthApi.refuses = undefined;
    await user.click(shown.getByRole('button', { name: 'Try again' }));
    await shown.findByRole('button', { name: 'Use the helper' });
  });

  it('says that the backend is away, and lets the login go on', async () => {
    const { open, clusterAuthApi } = await openDialog({ cluster: 'prod' });
    await open();
    const shown = await dialog();
    await shown.findByRole('button', { name: 'Use the helper' });
    await act(async () =>
      clusterAuthApi.tell(new TypeError('Failed to fetch')),
    );
    expect(shown.getByRole('status')).toHaveTextContent(
      'this dialog tries again by itself',
    );
    expect(
      shown.getByRole('button', { name: 'Use the helper' }),
    ).toBeInTheDocument();
  });

  it('asks for the cluster where several lack a login', async () => {
    const { open, user, clusterAuthApi } = await openDialog();
    clusterAuthApi.clusters = [
      unconnected,
      STAGING,
      { ...connected, name: 'dev', title: 'Development' },
    ];
    await open();
    const shown = await dialog();
    await user.click(await shown.findByRole('button', { name: 'Staging' }));
    await shown.findByRole('button', { name: 'Use the helper' });
    expect(clusterAuthApi.calls).toContain('register staging');
  });

  it('asks only about the clusters that it was opened for', async () => {
    const { user, clusterAuthApi, loginApi } = await openDialog();
    clusterAuthApi.clusters = [
      unconnected,
      STAGING,
      { ...unconnected, name: 'dev', title: 'Development' },
    ];
    await act(async () => loginApi.open({ clusters: ['staging', 'dev'] }));
    const shown = await dialog();
    const staging = await shown.findByRole('button', { name: 'Staging' });
    shown.getByRole('button', { name: 'Development' });
    expect(shown.queryByRole('button', { name: 'Production' })).toBeNull();
    expect(clusterAuthApi.calls.join()).not.toContain('register');
    await user.click(staging);
    await shown.findByRole('button', { name: 'Use the helper' });
    expect(clusterAuthApi.calls).toContain('register staging');
  });

  it('leaves connected clusters out of the question', async () => {
    const { open, clusterAuthApi } = await openDialog();
    clusterAuthApi.clusters = [connected, STAGING];
    await open();
    await (await dialog()).findByRole('button', { name: 'Use the helper' });
    expect(clusterAuthApi.calls).toContain('register staging');
  });

  it('says that there is no cluster', async () => {
    const { open, clusterAuthApi } = await openDialog();
    clusterAuthApi.clusters = [];
    await open();
    const shown = await dialog();
    expect(
      await shown.findByText(/No cluster is configured/),
    ).toBeInTheDocument();
  });

  it('is closed by Escape, and then nothing goes on', async () => {
    const { open, user, clusterAuthApi } = await openDialog({
      cluster: 'prod',
    });
    await open();
    await (await dialog()).findByRole('button', { name: 'Use the helper' });
    await user.keyboard('{Escape}');
    await waitFor(() =>
      expect(screen.queryByRole('dialog')).not.toBeInTheDocument(),
    );
    expect(clusterAuthApi.calls).toContain('gave up');
    expect(clusterAuthApi.calls).toContain(`cancel ${SESSION_TOKEN}`);
    expect(clusterAuthApi.asked).toBe(1);
    expect(clusterAuthApi.calls).not.toContain('status');
    expect(document.body.outerHTML).not.toContain(SESSION_TOKEN);
  });

  it('cancels the session, so that it does not count, and only once', async () => {
    const { open, user, clusterAuthApi } = await openDialog({
      cluster: 'prod',
    });
    await open();
    await (await dialog()).findByRole('button', { name: 'Use the helper' });
    await user.click(screen.getByRole('button', { name: 'Cancel' }));
    await waitFor(() =>
      expect(screen.queryByRole('dialog')).not.toBeInTheDocument(),
    );
    const cancels = clusterAuthApi.calls.filter(call => /cancel/.test(call));
    expect(cancels).toEqual([`cancel ${SESSION_TOKEN}`]);
  });

  it('goes on where it is too late to cancel', async () => {
    const { open, user, clusterAuthApi } = await openDialog({
      cluster: 'prod',
    });
    await open();
    const shown = await dialog();
    await shown.findByRole('button', { name: 'Use the helper' });
    clusterAuthApi.cancelled = 'exchanging';
    await user.click(shown.getByRole('button', { name: 'Cancel' }));
    await waitFor(() =>
      expect(shown.getByRole('status')).toHaveTextContent(
        'The login is being completed',
      ),
    );
    expect(shown.getByRole('button', { name: 'Close' })).toBeInTheDocument();
    await act(async () => clusterAuthApi.tell('complete'));
    expect(shown.getByRole('status')).toHaveTextContent(
      'Connected to Production.',
    );
  });

  it('cancels it without waiting when the page is left', async () => {
    const { open, clusterAuthApi } = await openDialog({ cluster: 'prod' });
    await open();
    await (await dialog()).findByRole('button', { name: 'Use the helper' });
    window.dispatchEvent(new Event('pagehide'));
    expect(clusterAuthApi.calls).toContain(`cancel ${SESSION_TOKEN} keepalive`);
  });

  it('is not closed by a click beside it', async () => {
    const { open, user } = await openDialog({ cluster: 'prod' });
    await open();
    await (await dialog()).findByRole('button', { name: 'Use the helper' });
    const beside = document.querySelector('.MuiDialog-container');
    await user.click(beside!);
    expect(screen.getByRole('dialog')).toBeInTheDocument();
  });

  it('has nothing that axe finds', async () => {
    const { open } = await openDialog({ cluster: 'prod' });
    await open();
    const shown = await dialog();
    await shown.findByRole('button', { name: 'Use the helper' });
    expect(await violations()).toEqual([]);
    await userEvent.click(shown.getByRole('button', { name: /Use a command/ }));
    await shown.findByRole('button', { name: 'Copy binary command' });
    expect(await violations()).toEqual([]);
  });
});
