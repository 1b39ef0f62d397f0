import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import {
  SESSION_TOKEN,
  connected,
  unconnected,
} from '../__testUtils__/ClusterAuthStandIn';
import { AppOptions, renderInApp, violations } from '../__testUtils__/app';
import { refusal } from '../__testUtils__/refusal';
import { LoginDialog } from './LoginDialog';

const STAGING = { ...unconnected, name: 'staging', title: 'Staging' };

async function openDialog(options?: AppOptions & { cluster?: string }) {
  const app = renderInApp(<LoginDialog />, options);
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

  it('remembers where the helper runs', async () => {
    const submitted = submissions();
    const { open, user, storageApi } = await openDialog({ cluster: 'prod' });
    await open();
    const shown = await dialog();
    await user.click(
      await shown.findByRole('radio', { name: /in a container/ }),
    );
    await user.click(shown.getByRole('button', { name: 'Use the helper' }));
    expect(submitted).toEqual(['http://localhost:8000/start']);
    expect(
      storageApi.forBucket('cluster-auth').snapshot('helperPlace').value,
    ).toBe('container');
  });

  it('has not forgotten it the next time', async () => {
    const { open } = await openDialog({
      cluster: 'prod',
      remembered: { helperPlace: 'container' },
    });
    await open();
    expect(
      await (await dialog()).findByRole('radio', { name: /in a container/ }),
    ).toBeChecked();
  });

  it('offers commands with the session token', async () => {
    const { open, user } = await openDialog({
      cluster: 'prod',
      clusterAuth: {
        commands: {
          docker: { image: 'registry.example.com/helper' },
          npx: { package: '@example/helper' },
        },
      },
    });
    await open();
    const shown = await dialog();
    for (const command of ['docker', 'binary', 'npx']) {
      await shown.findByRole('button', { name: `Copy ${command} command` });
    }
    const commands = () =>
      [...document.querySelectorAll('code')].map(code => code.textContent);
    expect(commands()).toHaveLength(3);
    commands().forEach(line =>
      expect(line).toMatch(
        new RegExp(`^BACKSTAGE_SESSION_TOKEN='${SESSION_TOKEN}' `),
      ),
    );
    await user.click(shown.getByRole('button', { name: 'Windows PowerShell' }));
    commands().forEach(line =>
      expect(line).toMatch(/^try \{ \$env:BACKSTAGE_SESSION_TOKEN=/),
    );
  });

  it('names Backstage as the page knows it in commands', async () => {
    const { open } = await openDialog({ cluster: 'prod' });
    await open();
    await (await dialog()).findByRole('button', { name: /Copy binary/ });
    expect(document.querySelector('code')).toHaveTextContent(
      /--backend 'https:\/\/backstage\.example\.com\/portal'$/,
    );
  });

  it('offers no command that downloads what is not configured', async () => {
    const { open } = await openDialog({ cluster: 'prod' });
    await open();
    const shown = await dialog();
    await shown.findByRole('button', { name: 'Copy binary command' });
    expect(shown.queryByRole('button', { name: /docker|npx/ })).toBeNull();
  });

  it('hides the one command that needs no configuration where it is switched off', async () => {
    const { open } = await openDialog({
      cluster: 'prod',
      clusterAuth: { commands: { binary: false } },
    });
    await open();
    const shown = await dialog();
    await shown.findByRole('button', { name: 'Use the helper' });
    expect(shown.queryByRole('button', { name: /Copy/ })).toBeNull();
  });

  it('keeps the session token out of every attribute', async () => {
    submissions();
    const { open, user } = await openDialog({ cluster: 'prod' });
    await open();
    const shown = await dialog();
    await shown.findByRole('button', { name: 'Copy binary command' });
    await user.click(shown.getByRole('button', { name: 'Use the helper' }));
    const attributes = [...document.querySelectorAll('*')].flatMap(element =>
      [...element.attributes].map(({ value }) => value),
    );
    expect(attributes.join('\n')).not.toContain(SESSION_TOKEN);
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
    expect(clusterAuthApi.asked).toBe(1);
    expect(clusterAuthApi.calls).not.toContain('status');
    expect(document.body.outerHTML).not.toContain(SESSION_TOKEN);
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
    await shown.findByRole('button', { name: 'Copy binary command' });
    expect(await violations()).toEqual([]);
  });
});
