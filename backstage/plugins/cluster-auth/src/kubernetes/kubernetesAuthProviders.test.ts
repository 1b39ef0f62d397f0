import { OAuthRequestManager } from '@backstage/core-app-api';
import type {
  PendingOAuthRequest,
  googleAuthApiRef,
} from '@backstage/core-plugin-api';
import type { KubernetesRequestBody } from '@backstage/plugin-kubernetes-common';

import { PageLogin } from '../login/LoginApi';
import { SharedClusterStatus } from '../status/SharedClusterStatus';
import {
  ClusterAuthStandIn,
  connected,
  unconnected,
} from '../__testUtils__/ClusterAuthStandIn';
import { settled } from '../__testUtils__/HeldClock';
import { refusal } from '../__testUtils__/refusal';
import { REASONS } from '../__testUtils__/reasons';
import { kubernetesAuthProvidersApiFactory } from './kubernetesAuthProviders';

const BODY: KubernetesRequestBody = {
  entity: { apiVersion: 'v1', kind: 'Component', metadata: { name: 'shop' } },
};

/** One of Backstage's own auth providers; they all look like this. */
function stock(name: string): typeof googleAuthApiRef.T {
  const notAsked = () => {
    throw new Error(`${name} is not asked for that.`);
  };
  return {
    getAccessToken: async () => `access token of ${name}`,
    getIdToken: async () => `ID token of ${name}`,
    getProfile: notAsked,
    getBackstageIdentity: notAsked,
    signIn: notAsked,
    signOut: notAsked,
    sessionState$: notAsked,
  };
}

function providers() {
  const clusterAuthApi = new ClusterAuthStandIn();
  const oauthRequestApi = new OAuthRequestManager();
  const loginApi = new PageLogin();
  let prompts: PendingOAuthRequest[] = [];
  oauthRequestApi.authRequest$().subscribe(requests => {
    prompts = requests;
  });
  const api = kubernetesAuthProvidersApiFactory.factory({
    clusterStatusApi: new SharedClusterStatus(clusterAuthApi),
    loginApi,
    oauthRequestApi,
    gitlabAuthApi: stock('gitlab'),
    googleAuthApi: stock('google'),
    microsoftAuthApi: stock('microsoft'),
    oktaAuthApi: stock('okta'),
    oneloginAuthApi: stock('onelogin'),
  });
  /** Does what the tab does every few seconds. */
  const poll = async () => {
    const body = await api.decorateRequestBodyForAuth('clusterauth', BODY);
    await settled();
    return body;
  };
  return { api, clusterAuthApi, loginApi, poll, prompts: () => prompts };
}

describe('kubernetesAuthProviders', () => {
  it('sends no token for clusterauth', async () => {
    const { api, poll } = providers();
    expect(await poll()).toEqual(BODY);
    expect(await api.getCredentials('clusterauth')).toEqual({});
  });

  it('says which logins the page knows of, beside what others have added', async () => {
    const { api, clusterAuthApi, poll } = providers();
    clusterAuthApi.clusters = [
      { ...connected, name: 'eu' },
      { ...unconnected, name: 'us' },
    ];
    await poll();
    const body = { ...BODY, auth: { google: 'of google' } };
    expect(await api.decorateRequestBodyForAuth('clusterauth', body)).toEqual({
      ...BODY,
      auth: { google: 'of google', clusterauth: { connected: ['eu'] } },
    });
  });

  it('does not wait for the backend', async () => {
    const { api, clusterAuthApi } = providers();
    clusterAuthApi.getStatus = () => new Promise(() => {});
    expect(await api.decorateRequestBodyForAuth('clusterauth', BODY)).toBe(
      BODY,
    );
  });

  it.each([
    ['google', { google: 'access token of google' }],
    ['aks', { aks: 'access token of microsoft' }],
    ['oidc.okta', { oidc: { okta: 'ID token of okta' } }],
    ['oidc.gitlab', { oidc: { gitlab: 'ID token of gitlab' } }],
    ['oidc.google', { oidc: { google: 'ID token of google' } }],
    ['oidc.microsoft', { oidc: { microsoft: 'ID token of microsoft' } }],
    ['oidc.onelogin', { oidc: { onelogin: 'ID token of onelogin' } }],
    ['serviceAccount', undefined],
    ['googleServiceAccount', undefined],
    ['aws', undefined],
    ['azure', undefined],
    ['localKubectlProxy', undefined],
  ])('leaves %s as it is', async (authProvider, auth) => {
    const { api, clusterAuthApi } = providers();
    const body = await api.decorateRequestBodyForAuth(authProvider, {
      ...BODY,
    });
    expect(body.auth).toEqual(auth);
    const { token } = await api.getCredentials(authProvider);
    expect(typeof token).toBe(auth ? 'string' : 'undefined');
    expect(clusterAuthApi.calls).toEqual([]);
  });

  it.each(['unknown', 'oidc.unknown'])(
    'refuses %s as Backstage does',
    async authProvider => {
      const { api } = providers();
      await expect(
        api.decorateRequestBodyForAuth(authProvider, BODY),
      ).rejects.toThrow('KubernetesAuthProvider');
      await expect(api.getCredentials(authProvider)).rejects.toThrow(
        'KubernetesAuthProvider',
      );
    },
  );

  it('asks for a login where a cluster has none, and opens the dialog', async () => {
    const { poll, prompts, loginApi } = providers();
    await poll();
    expect(prompts().map(({ provider }) => provider.title)).toEqual([
      'Kubernetes',
    ]);
    expect(loginApi.request.get()).toBeUndefined();
    await prompts()[0].trigger();
    expect(loginApi.request.get()).toEqual({});
    expect(prompts()).toEqual([]);
    await poll();
    expect(prompts()).toEqual([]);
  });

  it('asks once, and not again after a no, until there was a login', async () => {
    const { poll, prompts, clusterAuthApi } = providers();
    await poll();
    await poll();
    expect(prompts()).toHaveLength(1);
    prompts()[0].reject();
    await poll();
    expect(prompts()).toEqual([]);
    clusterAuthApi.clusters = [connected];
    await poll();
    expect(prompts()).toEqual([]);
    clusterAuthApi.clusters = [{ ...unconnected, reason: 'expired' }];
    await poll();
    expect(prompts()).toHaveLength(1);
  });

  it.each(REASONS)('asks after %s', async reason => {
    const { poll, prompts, clusterAuthApi } = providers();
    clusterAuthApi.clusters = [{ ...unconnected, reason }];
    await poll();
    expect(prompts()).toHaveLength(1);
  });

  it('does not ask while the dialog is open, or the backend is away', async () => {
    const { poll, prompts, clusterAuthApi, loginApi } = providers();
    loginApi.open({});
    await poll();
    expect(prompts()).toEqual([]);
    loginApi.close();
    clusterAuthApi.refuses = await refusal(503, 'store_unavailable');
    await poll();
    expect(prompts()).toEqual([]);
    clusterAuthApi.refuses = undefined;
    await poll();
    expect(prompts()).toHaveLength(1);
  });
});
