import { act, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import { connected, unconnected } from '../__testUtils__/ClusterAuthStandIn';
import { renderInApp, violations } from '../__testUtils__/app';
import { refusal } from '../__testUtils__/refusal';
import { REASONS } from '../__testUtils__/reasons';
import { GetAccessCard } from './GetAccessCard';
import { LoginDialog } from './LoginDialog';

describe('GetAccessCard', () => {
  it('opens the dialog, and shows the new login without a reload', async () => {
    const { clusterAuthApi, show } = renderInApp(
      <>
        <GetAccessCard />
        <LoginDialog />
      </>,
    );
    show();
    const user = userEvent.setup();
    await user.click(
      await screen.findByRole('button', { name: 'Get K8s access' }),
    );
    await screen.findByRole('button', { name: 'Copy binary command' });
    clusterAuthApi.clusters = [connected];
    await act(async () => clusterAuthApi.tell('complete'));
    expect(await screen.findByText(/Connected as idp\|felix/)).toBeVisible();
    expect(
      screen.queryByRole('button', { name: 'Get K8s access', hidden: true }),
    ).toBeNull();
  });

  it('calls the user by their e-mail address where there is one', async () => {
    const { clusterAuthApi, show } = renderInApp(<GetAccessCard />);
    clusterAuthApi.clusters = [{ ...connected, email: 'felix@example.com' }];
    show();
    expect(
      await screen.findByText(/Connected as felix@example\.com until/),
    ).toBeInTheDocument();
    expect(screen.queryByText(/idp\|felix/)).toBeNull();
  });

  it('has no button where nothing is missing', async () => {
    const { clusterAuthApi, show } = renderInApp(<GetAccessCard />);
    clusterAuthApi.clusters = [connected];
    show();
    await screen.findByText(/Connected as/);
    expect(screen.queryByRole('button', { name: 'Get K8s access' })).toBeNull();
  });

  it.each(REASONS)('has its button after %s', async (reason, sentence) => {
    const { clusterAuthApi, show } = renderInApp(<GetAccessCard />);
    clusterAuthApi.clusters = [{ ...unconnected, reason }];
    show();
    expect(
      await screen.findByRole('button', { name: 'Get K8s access' }),
    ).toBeInTheDocument();
    expect(screen.getByText(new RegExp(sentence))).toBeInTheDocument();
  });

  it('says why it knows nothing, and asks again', async () => {
    const { clusterAuthApi, show } = renderInApp(<GetAccessCard />);
    clusterAuthApi.refuses = await refusal(503, 'store_unavailable');
    show();
    expect(
      await screen.findByText('A sentence: store_unavailable.'),
    ).toBeInTheDocument();
    expect(await violations()).toEqual([]);
    clusterAuthApi.refuses = undefined;
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(
      await screen.findByRole('button', { name: 'Get K8s access' }),
    ).toBeInTheDocument();
    expect(screen.queryByText(/store_unavailable/)).toBeNull();
  });

  it('has nothing that axe finds', async () => {
    const { clusterAuthApi, show } = renderInApp(<GetAccessCard />);
    clusterAuthApi.clusters = [connected, { ...unconnected, name: 'staging' }];
    show();
    await screen.findByRole('button', { name: 'Get K8s access' });
    expect(await violations()).toEqual([]);
  });
});
