import { renderInTestApp as render } from '@backstage/frontend-test-utils';
import axe from 'axe-core';
import type { ReactElement } from 'react';

import { clusterAuthApiRef } from '../api/ClusterAuthApi';
import { PageLogin, loginApiRef } from '../login/LoginApi';
import { clusterStatusApiRef } from '../status/ClusterStatusApi';
import { SharedClusterStatus } from '../status/SharedClusterStatus';
import { ClusterAuthStandIn } from './ClusterAuthStandIn';

/** The configuration, the remembered state, and the addresses that were visited, the last of them shown. */
export interface AppOptions {
  addresses?: string[];
  clusterAuth?: {
    commands?: Record<string, boolean | Record<string, string>>;
    install?: Record<string, boolean | string>;
  };
  remembered?: Partial<
    Record<
      'extensionBegins' | 'helperPlace' | 'lastWay' | 'provenHelper' | 'shell',
      string
    >
  >;
}

/** Renders in an app with a fake backend. */
export function renderInApp(element: ReactElement, options: AppOptions = {}) {
  const clusterAuthApi = new ClusterAuthStandIn();
  const loginApi = new PageLogin();
  localStorage.clear();
  Object.entries(options.remembered ?? {}).forEach(([key, value]) =>
    localStorage.setItem(`cluster-auth.${key}`, value),
  );
  const { addresses, clusterAuth = {} } = options;
  const show = () =>
    render(element, {
      initialRouteEntries: addresses,
      config: {
        backend: { baseUrl: 'https://backstage.example.com/portal/' },
        clusterAuth: { ...clusterAuth },
      },
      apis: [
        [clusterAuthApiRef, clusterAuthApi],
        [clusterStatusApiRef, new SharedClusterStatus(clusterAuthApi)],
        [loginApiRef, loginApi],
      ],
    });
  return { clusterAuthApi, loginApi, show };
}

/** axe's violations; colours are checked in a real browser. */
export async function violations(): Promise<string[]> {
  const found = await axe.run(document.body, {
    rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
  });
  return found.violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' ')}`,
  );
}
