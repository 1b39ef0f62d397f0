import { act, waitFor } from '@testing-library/react';

import { SESSION_TOKEN } from '../__testUtils__/ClusterAuthStandIn';
import { violations } from '../__testUtils__/app';
import { extensionInPage } from '../__testUtils__/extensionInPage';
import { dialog, openDialog, submissions } from '../__testUtils__/openedDialog';

async function opened(options: Parameters<typeof openDialog>[0] = {}) {
  const login = await openDialog({ cluster: 'prod', ...options });
  await login.open();
  return { ...login, shown: await dialog() };
}

describe('the dialog with the browser extension', () => {
  afterEach(() => jest.restoreAllMocks());

  it('lets it open the login without a click, and has another way folded', async () => {
    const { said } = extensionInPage();
    const { shown, user, clusterAuthApi } = await opened();
    await shown.findByText(/Your browser extension has opened the login/);
    const starts = said.filter(({ type }) => type === 'start');
    expect(starts).toMatchObject([{ sessionToken: SESSION_TOKEN }]);
    expect(shown.queryByRole('button', { name: 'Use the helper' })).toBeNull();

    await user.click(
      shown.getByRole('button', { name: 'Take another way', expanded: false }),
    );
    shown.getByRole('button', { name: 'Use the helper' });
    shown.getByRole('button', { name: /Use a command/ });
    expect(await violations()).toEqual([]);
    await act(async () => clusterAuthApi.tell('complete'));
    expect(shown.getByRole('status')).toHaveTextContent(
      'Connected to Production.',
    );
    expect(localStorage.getItem('cluster-auth.lastWay')).toBe('extension');
  });

  it('goes another way with the same login', async () => {
    const submitted = submissions();
    extensionInPage();
    const { shown, user, clusterAuthApi } = await opened();
    await user.click(
      await shown.findByRole('button', { name: 'Take another way' }),
    );
    await user.click(shown.getByRole('button', { name: 'Use the helper' }));
    expect(submitted).toEqual(['http://localhost:8888/start']);
    expect(shown.getByRole('status')).toHaveTextContent(
      'Go on in the tab that has opened.',
    );
    const registers = clusterAuthApi.calls.filter(call =>
      /register/.test(call),
    );
    expect(registers).toHaveLength(1);
    shown.getByRole('button', { name: 'Use the browser extension' });
  });

  it('shows why it refused, the other ways, and a button to try again', async () => {
    const { said, result } = extensionInPage();
    const { shown, user } = await opened();
    await shown.findByText(/Your browser extension has opened the login/);
    const message = 'Allow the extension to read localhost, and try again.';
    act(() => {
      result({ ok: false, code: 'permission_missing', message });
    });
    await waitFor(() =>
      expect(shown.getByRole('status')).toHaveTextContent(message),
    );
    shown.getByRole('button', { name: 'Use the helper' });
    expect(await violations()).toEqual([]);
    await user.click(
      shown.getByRole('button', { name: 'Try the browser extension again' }),
    );
    expect(said.filter(({ type }) => type === 'start')).toHaveLength(2);
    expect(shown.getByRole('status')).toHaveTextContent(/has opened the login/);
  });

  it('does not take it for absent when it has refused: the commands say what they need, not that nothing is installed', async () => {
    const { result } = extensionInPage();
    const { shown } = await opened({
      remembered: {},
      clusterAuth: { commands: { npx: { package: '@example/helper' } } },
    });
    await shown.findByText(/Your browser extension has opened the login/);
    act(() => {
      result({ ok: false, code: 'permission_missing' });
    });
    await shown.findByRole('button', {
      name: 'Try the browser extension again',
    });
    shown.getByRole('heading', { name: 'What the command needs' });
    shown.getByRole('button', { name: /^Copy .* command$/ });
    expect(shown.queryByText(/Nothing installed yet/)).toBeNull();
    expect(shown.queryByText(/the easiest way/)).toBeNull();
  });

  it.each(['browser_prevents', 'redirect_not_caught', 'wrong_login_address'])(
    'has no such button where trying again is of no use: %s',
    async code => {
      const { result } = extensionInPage();
      const { shown } = await opened();
      await shown.findByText(/Your browser extension has opened the login/);
      act(() => {
        result({ ok: false, code });
      });
      await shown.findByRole('button', { name: 'Use the helper' });
      expect(shown.getByRole('status')).toHaveTextContent(/another way\.$/);
      expect(shown.queryByRole('button', { name: /extension/ })).toBeNull();
    },
  );

  it('unfolds the other ways when the person comes back without a login', async () => {
    extensionInPage();
    const { shown } = await opened();
    await shown.findByText(/Your browser extension has opened the login/);
    act(() => {
      document.dispatchEvent(new Event('visibilitychange'));
    });
    expect(shown.getByRole('status')).toHaveTextContent(/Still waiting/);
    shown.getByRole('button', { name: 'Use the helper' });
  });

  it('shows no other way while it is asked where the last login came through it, and says so if it does not answer', async () => {
    const { shown } = await opened({ remembered: { lastWay: 'extension' } });
    expect(shown.getByRole('status')).toHaveTextContent('Preparing the login…');
    expect(shown.queryByRole('button', { name: /Copy|helper/ })).toBeNull();
    await shown.findByText(/does not answer: switch it on/);
    shown.getByRole('button', { name: 'Copy binary command' });
    shown.getByRole('heading', { name: 'Nothing installed yet?' });
  });

  it('keeps the session token out of the page', async () => {
    extensionInPage();
    const { shown } = await opened();
    await shown.findByText(/Your browser extension has opened the login/);
    expect(document.documentElement.outerHTML).not.toContain(SESSION_TOKEN);
    expect(JSON.stringify({ ...localStorage })).not.toContain(SESSION_TOKEN);
  });
});
