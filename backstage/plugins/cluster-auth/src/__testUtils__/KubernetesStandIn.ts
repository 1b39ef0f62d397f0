import type { Entity } from '@backstage/catalog-model';
import type { FetchApi } from '@backstage/core-plugin-api';
import type { ObjectsByEntityResponse } from '@backstage/plugin-kubernetes-common';

type Item = ObjectsByEntityResponse['items'][number];

export const SHOP: Entity = {
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Component',
  metadata: {
    name: 'shop',
    annotations: { 'backstage.io/kubernetes-id': 'shop' },
  },
};

/** A part of the answer, for a cluster that shows its pods. */
export function podsOf(name: string, title: string): Item {
  return {
    cluster: { name, title },
    podMetrics: [],
    resources: [{ type: 'pods', resources: [] }],
    errors: [],
  };
}

/** A part of the answer, for a cluster without a token for this user. */
export function withoutToken(
  name: string,
  title: string,
  clusterAuth: { cluster: string; code?: string },
): Item {
  const error = {
    errorType: 'FETCH_ERROR' as const,
    message: `A sentence: ${clusterAuth.code}.`,
    clusterAuth,
  };
  return {
    cluster: { name, title },
    podMetrics: [],
    resources: [],
    errors: [error],
  };
}

/** Backstage's Kubernetes backend with configured answers. */
export class KubernetesStandIn {
  items: Item[] = [
    withoutToken('prod', 'Production', {
      cluster: 'prod',
      code: 'not_connected',
    }),
    podsOf('shared', 'Shared'),
  ];
  /** How often it was asked for the objects of an entity. */
  asked = 0;

  readonly discoveryApi = { getBaseUrl: async () => 'https://kubernetes' };

  readonly fetchApi: FetchApi = {
    fetch: async input => {
      if (String(input).endsWith('/clusters')) {
        const clusters = [{ name: 'prod', authProvider: 'clusterauth' }];
        return new Response(JSON.stringify({ items: clusters }));
      }
      this.asked += 1;
      return new Response(JSON.stringify({ items: this.items }));
    },
  };
}
