import {
  createApiFactory,
  discoveryApiRef,
  fetchApiRef,
} from '@backstage/core-plugin-api';

import { clusterAuthApiRef } from './api/ClusterAuthApi';
import { ClusterAuthClient } from './api/ClusterAuthClient';
import {
  PageEntityClusters,
  entityClustersApiRef,
} from './kubernetes/EntityClustersApi';
import { PageLogin, loginApiRef } from './login/LoginApi';
import { randomId } from './randomId';
import { clusterStatusApiRef } from './status/ClusterStatusApi';
import { SharedClusterStatus } from './status/SharedClusterStatus';
import { tellExtension } from './status/tellExtension';

export const clusterAuthApiFactory = createApiFactory({
  api: clusterAuthApiRef,
  deps: { discoveryApi: discoveryApiRef, fetchApi: fetchApiRef },
  factory: ({ discoveryApi, fetchApi }) =>
    new ClusterAuthClient({
      discoveryApi,
      fetchApi,
      fetch: (...request) => fetch(...request),
    }),
});

export const clusterStatusApiFactory = createApiFactory({
  api: clusterStatusApiRef,
  deps: { clusterAuthApi: clusterAuthApiRef },
  factory: ({ clusterAuthApi }) =>
    new SharedClusterStatus(clusterAuthApi, status =>
      tellExtension(status, { page: window, randomId }),
    ),
});

export const loginApiFactory = createApiFactory({
  api: loginApiRef,
  deps: {},
  factory: () => new PageLogin(),
});

export const entityClustersApiFactory = createApiFactory({
  api: entityClustersApiRef,
  deps: {},
  factory: () => new PageEntityClusters(),
});
