import type { googleAuthApiRef } from '@backstage/core-plugin-api';
import type { KubernetesRequestBody } from '@backstage/plugin-kubernetes-common';

import {
  ClusterAuthStandIn,
  connected,
  unconnected,
} from '../__testUtils__/ClusterAuthStandIn';
import { SharedClusterStatus } from '../status/SharedClusterStatus';
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
  const clusterStatusApi = new SharedClusterStatus(clusterAuthApi);
  const api = kubernetesAuthProvidersApiFactory.factory({
    clusterStatusApi,
    gitlabAuthApi: stock('gitlab'),
    googleAuthApi: stock('google'),
    microsoftAuthApi: stock('microsoft'),
    oktaAuthApi: stock('okta'),
    oneloginAuthApi: stock('onelogin'),
  });
  return { api, clusterAuthApi, clusterStatusApi };
}

describe('kubernetesAuthProviders', () => {
  it('sends no token for clusterauth', async () => {
    const { api } = providers();
    expect(await api.decorateRequestBodyForAuth('clusterauth', BODY)).toEqual(
      BODY,
    );
    expect(await api.getCredentials('clusterauth')).toEqual({});
  });

  it('says which logins the page knows of, beside what others have added', async () => {
    const { api, clusterAuthApi, clusterStatusApi } = providers();
    clusterAuthApi.clusters = [
      { ...connected, name: 'eu' },
      { ...unconnected, name: 'us' },
    ];
    await clusterStatusApi.refresh();
    const body = { ...BODY, auth: { google: 'of google' } };
    expect(await api.decorateRequestBodyForAuth('clusterauth', body)).toEqual({
      ...BODY,
      auth: { google: 'of google', clusterauth: { connected: ['eu'] } },
    });
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
    const { api } = providers();
    const body = await api.decorateRequestBodyForAuth(authProvider, {
      ...BODY,
    });
    expect(body.auth).toEqual(auth);
    const { token } = await api.getCredentials(authProvider);
    expect(typeof token).toBe(auth ? 'string' : 'undefined');
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
});
