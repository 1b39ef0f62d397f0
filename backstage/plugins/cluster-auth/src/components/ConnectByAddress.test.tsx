import { coreApis } from '@backstage/frontend-plugin-api';
import { act, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import { connected, unconnected } from '../__testUtils__/ClusterAuthStandIn';
import { renderInApp, violations } from '../__testUtils__/app';
import { extensionInPage } from '../__testUtils__/extensionInPage';
import { dialog, submissions } from '../__testUtils__/openedDialog';
import { refusal } from '../__testUtils__/refusal';
import { ClusterList } from './ClusterList';
import { ClustersPageContent } from './ClustersPage';
import { ConnectByAddress } from './ConnectByAddress';
import { LoginDialog } from './LoginDialog';

const STAGING = { ...unconnected, name: 'staging', title: 'Staging' };

async function openAt(
  address: string,
  clusters = [unconnected, STAGING],
  remembered = {},
  page = <ClustersPageContent />,
) {
  const app = renderInApp(
    <>
      {page}
      <LoginDialog />
    </>,
    { addresses: ['/?before', address], remembered },
  );
  app.clusterAuthApi.clusters = clusters;
  const { apis } = app.show();
  const history = apis.get(coreApis.appHistory)!;
  const current = () => {
    const { pathname, search } = history.getSnapshot().location;
    return pathname + search;
  };
  await screen.findByText(/Clusters of/);
  return { ...app, history, current };
}

function registers(calls: string[]) {
  return calls.filter(call => call.startsWith('register'));
}

describe('ConnectByAddress', () => {
  afterEach(() => jest.restoreAllMocks());

  it('opens the dialog for the cluster, and begins by the extension without a click', async () => {
    const { said } = extensionInPage();
    const { clusterAuthApi } = await openAt('/?connect=staging');
    const shown = await dialog();
    await shown.findByText(/Your browser extension has opened the login/);
    expect(registers(clusterAuthApi.calls)).toEqual(['register staging']);
    expect(said.filter(({ type }) => type === 'start')).toHaveLength(1);
  });

  it('begins by the extension also where the last login came by another way although it was there', async () => {
    const { said } = extensionInPage();
    await openAt('/?connect=prod', [unconnected], {
      extensionBegins: 'on-click',
      lastWay: 'helper',
      provenHelper: 'http://localhost:8888',
    });
    await (await dialog()).findByText(/Your browser extension has opened/);
    expect(said.filter(({ type }) => type === 'start')).toHaveLength(1);
  });

  it('hands nothing over without the extension, not even to the helper that the last login came through', async () => {
    const submitted = submissions();
    await openAt('/?connect=prod', [unconnected], {
      lastWay: 'helper',
      provenHelper: 'http://localhost:8888',
    });
    const shown = await dialog();
    const use = await shown.findByRole('button', { name: 'Use the helper' });
    expect(shown.getByRole('status')).toHaveTextContent(/^You are about to/);
    expect(submitted).toEqual([]);
    await userEvent.click(use);
    expect(submitted).toEqual(['http://localhost:8888/start']);
  });

  it('takes the cluster out of the address, so that neither a reload nor Back begins again', async () => {
    const { current, history, clusterAuthApi } = await openAt(
      '/?connect=prod&more=1',
    );
    await dialog();
    expect(current()).toBe('/?more=1');
    await userEvent.click(
      await screen.findByRole('button', { name: 'Cancel' }),
    );
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    await act(async () => history.navigate(-1));
    expect(current()).toBe('/?before');
    await act(async () => history.navigate(1));
    expect(current()).toBe('/?more=1');
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(registers(clusterAuthApi.calls)).toHaveLength(1);
  });

  it('says that one is connected already, until one is not', async () => {
    const { current, clusterAuthApi } = await openAt('/?connect=prod', [
      connected,
    ]);
    const told = await screen.findByText(
      'You are connected to Production already.',
    );
    expect(told).toHaveAttribute('role', 'status');
    expect(current()).toBe('/');
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(registers(clusterAuthApi.calls)).toEqual([]);
    expect(await violations()).toEqual([]);
    clusterAuthApi.clusters = [unconnected];
    document.dispatchEvent(new Event('visibilitychange'));
    await screen.findByRole('button', { name: 'Connect Production' });
    expect(screen.queryByText(/already/)).toBeNull();
  });

  it.each(['evil', '', 'Production', 'toString'])(
    'begins nothing for a cluster that the user does not have, and repeats nothing of the address: "%s"',
    async name => {
      const { clusterAuthApi } = await openAt(`/?connect=${name}`, [STAGING]);
      const told = await screen.findByText(/a cluster that you do not have/);
      expect(told.textContent).not.toContain('evil');
      expect(screen.queryByRole('dialog')).toBeNull();
      expect(registers(clusterAuthApi.calls)).toEqual([]);
    },
  );

  it('waits for the clusters where the backend is away at first', async () => {
    const app = renderInApp(
      <>
        <ClustersPageContent />
        <LoginDialog />
      </>,
      { addresses: ['/?connect=prod'] },
    );
    app.clusterAuthApi.refuses = await refusal(503, 'store_unavailable');
    app.show();
    await screen.findByText('A sentence: store_unavailable.');
    expect(screen.queryByRole('dialog')).toBeNull();
    app.clusterAuthApi.refuses = undefined;
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await dialog()).toBeDefined();
  });

  it('does not go by what it knew where the backend is away now', async () => {
    const { clusterAuthApi, history } = await openAt('/');
    clusterAuthApi.refuses = await refusal(503, 'store_unavailable');
    await act(async () => history.navigate('/?connect=prod'));
    await screen.findByText('A sentence: store_unavailable.');
    expect(screen.queryByRole('dialog')).toBeNull();
    clusterAuthApi.refuses = undefined;
    clusterAuthApi.clusters = [connected];
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await screen.findByText('You are connected to Production already.');
  });

  it('begins nothing in a frame, where a page around it could hide what it is', async () => {
    const frame = document.createElement('iframe');
    document.body.append(frame);
    const page = frame.contentWindow!;
    const { current, clusterAuthApi } = await openAt(
      '/?connect=prod',
      undefined,
      undefined,
      <>
        <ConnectByAddress page={page} />
        <ClusterList />
      </>,
    );
    await waitFor(() => expect(current()).toBe('/'));
    await screen.findByRole('button', { name: 'Connect Production' });
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(registers(clusterAuthApi.calls)).toEqual([]);
    frame.remove();
  });

  it('a login that is tried again by a click is begun by that click', async () => {
    const submitted = submissions();
    const { clusterAuthApi } = await openAt('/?connect=prod', [unconnected], {
      lastWay: 'helper',
      provenHelper: 'http://localhost:8888',
    });
    const shown = await dialog();
    await shown.findByRole('button', { name: 'Use the helper' });
    await act(async () => clusterAuthApi.tell('failed', 'access_denied'));
    await userEvent.click(shown.getByRole('button', { name: 'Try again' }));
    await waitFor(() =>
      expect(submitted).toEqual(['http://localhost:8888/start']),
    );
  });
});
