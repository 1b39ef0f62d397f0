import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import type { ClusterStatus } from '../api/ClusterAuthApi';
import { connected, unconnected } from '../__testUtils__/ClusterAuthStandIn';
import { renderInApp, violations } from '../__testUtils__/app';
import { refusal } from '../__testUtils__/refusal';
import { REASONS } from '../__testUtils__/reasons';
import { ClustersPageContent } from './ClustersPage';

function showClusters(...clusters: ClusterStatus[]) {
  const app = renderInApp(<ClustersPageContent />);
  app.clusterAuthApi.clusters = clusters;
  app.show();
  return { ...app, user: userEvent.setup() };
}

describe('ClusterList', () => {
  it('shows as whom one is connected, and why not', async () => {
    showClusters(connected, {
      ...unconnected,
      name: 'staging',
      title: 'Staging',
      reason: 'refresh_refused',
    });
    const [first, second] = await screen.findAllByRole('listitem');
    expect(first).toHaveTextContent(
      /Production.*Connected as idp\|felix until .*2036.*, refreshed by itself\./,
    );
    expect(second).toHaveTextContent(
      'Not connected. The identity provider has ended your login (refresh_refused): log in again.',
    );
    expect(screen.getByText(/user:default\/felix/)).toBeInTheDocument();
  });

  it.each(REASONS)('offers a login after %s', async (reason, sentence) => {
    const { user, loginApi } = showClusters({ ...unconnected, reason });
    const told = await screen.findByText(new RegExp(`${sentence}.*${reason}`));
    expect(told).toHaveTextContent('Not connected.');
    await user.click(
      screen.getByRole('button', { name: 'Connect Production' }),
    );
    expect(loginApi.request.get()).toEqual({ cluster: 'prod' });
  });

  it('says what has changed', async () => {
    showClusters({
      ...unconnected,
      reason: 'identity_changed',
      detail: 'its claim email was "a@example.com" and is "b@example.com"',
    });
    expect(
      await screen.findByText(
        'Not connected. What the identity provider says of you has changed (identity_changed): its claim email was "a@example.com" and is "b@example.com". Then log in again.',
      ),
    ).toBeInTheDocument();
  });

  it('connects', async () => {
    const { user, loginApi } = showClusters(unconnected);
    await user.click(
      await screen.findByRole('button', { name: 'Connect Production' }),
    );
    expect(loginApi.request.get()).toEqual({ cluster: 'prod' });
  });

  it('disconnects, once that is confirmed', async () => {
    const { user, clusterAuthApi } = showClusters(connected);
    const leave = await screen.findByRole('button', {
      name: 'Disconnect Production',
    });
    await user.click(leave);
    await user.click(screen.getByRole('button', { name: 'Cancel' }));
    await waitFor(() =>
      expect(screen.queryByRole('dialog')).not.toBeInTheDocument(),
    );
    expect(clusterAuthApi.calls).toEqual(['status']);
    await user.click(leave);
    await user.click(screen.getByRole('button', { name: 'Disconnect' }));
    await screen.findByRole('button', { name: 'Connect Production' });
    expect(clusterAuthApi.calls).toContain('disconnect prod');
  });

  it('says that the identity provider has not confirmed yet', async () => {
    const { user, clusterAuthApi } = showClusters(connected);
    clusterAuthApi.revocationPending = ['prod'];
    await user.click(
      await screen.findByRole('button', { name: 'Disconnect Production' }),
    );
    const dialog = within(screen.getByRole('dialog'));
    await user.click(dialog.getByRole('button', { name: 'Disconnect' }));
    expect(
      await dialog.findByText(/has not confirmed yet/),
    ).toBeInTheDocument();
    expect(dialog.getByRole('button', { name: 'Close' })).toBeInTheDocument();
  });

  it('says that the login lives on where it cannot be revoked', async () => {
    const { user, clusterAuthApi } = showClusters(connected);
    clusterAuthApi.livesOn = [{ name: 'prod', until: '2036-11-25T13:00:00Z' }];
    await user.click(
      await screen.findByRole('button', { name: 'Disconnect Production' }),
    );
    const dialog = within(screen.getByRole('dialog'));
    await user.click(dialog.getByRole('button', { name: 'Disconnect' }));
    expect(
      await dialog.findByText(/lives on there until Nov 25, 2036/),
    ).toBeInTheDocument();
    expect(dialog.getByRole('button', { name: 'Close' })).toBeInTheDocument();
  });

  it('says why it could not disconnect', async () => {
    const { user, clusterAuthApi } = showClusters(connected);
    await user.click(
      await screen.findByRole('button', { name: 'Disconnect Production' }),
    );
    clusterAuthApi.refuses = await refusal(503, 'store_unavailable');
    const dialog = within(screen.getByRole('dialog'));
    await user.click(dialog.getByRole('button', { name: 'Disconnect' }));
    expect(
      await dialog.findByText('A sentence: store_unavailable.'),
    ).toBeInTheDocument();
  });

  it('says why it shows nothing', async () => {
    const app = renderInApp(<ClustersPageContent />);
    app.clusterAuthApi.refuses = await refusal(503, 'store_unavailable');
    app.show();
    expect(
      await screen.findByText('A sentence: store_unavailable.'),
    ).toBeInTheDocument();
  });

  it('asks again when the person comes back to the tab', async () => {
    const { clusterAuthApi } = showClusters(unconnected);
    await screen.findByRole('button', { name: 'Connect Production' });
    clusterAuthApi.clusters = [connected];
    document.dispatchEvent(new Event('visibilitychange'));
    expect(
      await screen.findByRole('button', { name: 'Disconnect Production' }),
    ).toBeInTheDocument();
  });

  it('has nothing that axe finds', async () => {
    const { user } = showClusters(connected, {
      ...unconnected,
      name: 'staging',
    });
    await screen.findAllByRole('listitem');
    expect(await violations()).toEqual([]);
    await user.click(
      screen.getByRole('button', { name: 'Disconnect Production' }),
    );
    expect(await violations()).toEqual([]);
  });
});
