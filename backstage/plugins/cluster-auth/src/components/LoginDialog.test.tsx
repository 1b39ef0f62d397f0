import { act, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import {
  SESSION_TOKEN,
  connected,
  unconnected,
} from '../__testUtils__/ClusterAuthStandIn';
import { violations } from '../__testUtils__/app';
import { dialog, openDialog, submissions } from '../__testUtils__/openedDialog';
import { refusal } from '../__testUtils__/refusal';

const STAGING = { ...unconnected, name: 'staging', title: 'Staging' };

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

  it('asks which of twenty', async () => {
    const { open, user, clusterAuthApi } = await openDialog();
    const numbers = Array.from({ length: 20 }, (_, number) => number);
    clusterAuthApi.clusters = numbers.map(number => ({
      ...unconnected,
      name: `c${number}`,
      title: `Cluster ${number}`,
    }));
    await open();
    const shown = await dialog();
    const last = await shown.findByRole('button', { name: 'Cluster 19' });
    expect(shown.getAllByRole('listitem')).toHaveLength(20);
    expect(await violations()).toEqual([]);
    await user.click(last);
    await shown.findByRole('button', { name: 'Use the helper' });
    const begun = clusterAuthApi.calls.filter(call => /^register/.test(call));
    expect(begun).toEqual(['register c19']);
    expect(clusterAuthApi.calls.filter(call => call === 'status')).toHaveLength(
      1,
    );
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
