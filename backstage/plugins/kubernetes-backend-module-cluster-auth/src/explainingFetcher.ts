import type { KubernetesFetcher } from '@backstage/plugin-kubernetes-node';
import type { Explanation, Explanations } from './Explanations';

/** Sends no request to a cluster without a credential: returns the reason instead. Other clusters are not affected. */
export function explainingFetcher(
  fetcher: KubernetesFetcher,
  explanations: Explanations,
): KubernetesFetcher {
  return {
    async fetchObjectsForService(params) {
      const explanation = explanations.of(params.credential);
      return explanation === undefined
        ? fetcher.fetchObjectsForService(params)
        : { errors: [explained(explanation)], responses: [] };
    },
    async fetchPodMetricsByNamespaces(cluster, credential, ...rest) {
      return explanations.of(credential) === undefined
        ? fetcher.fetchPodMetricsByNamespaces(cluster, credential, ...rest)
        : { errors: [], responses: [] };
    },
  };
}

/** The error as Backstage shows it, and what our frontend plugin reads to show it in its own way. */
function explained({ message, ...clusterAuth }: Explanation) {
  return { errorType: 'FETCH_ERROR' as const, message, clusterAuth };
}
