import type { KubernetesFetcher } from '@backstage/plugin-kubernetes-node';
import type { Explanations } from './Explanations';

/** Sends no request to a cluster without a credential: returns the reason instead. Other clusters are not affected. */
export function explainingFetcher(
  fetcher: KubernetesFetcher,
  explanations: Explanations,
): KubernetesFetcher {
  return {
    async fetchObjectsForService(params) {
      const message = explanations.of(params.credential);
      return message === undefined
        ? fetcher.fetchObjectsForService(params)
        : { errors: [{ errorType: 'FETCH_ERROR', message }], responses: [] };
    },
    async fetchPodMetricsByNamespaces(cluster, credential, ...rest) {
      return explanations.of(credential) === undefined
        ? fetcher.fetchPodMetricsByNamespaces(cluster, credential, ...rest)
        : { errors: [], responses: [] };
    },
  };
}
