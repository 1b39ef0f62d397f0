import { createHash } from 'node:crypto';
import type { KubernetesFetcher } from '@backstage/plugin-kubernetes-node';
import type { Callers } from './Callers';
import type { Clock } from './clock';
import { LateAnswers } from './LateAnswers';

type FetchResponse = Awaited<
  ReturnType<KubernetesFetcher['fetchObjectsForService']>
>;

/**
 * Waits for a cluster only as long as the page does. Backstage answers for all clusters of an entity at once and has no time-out, so
 * that one cluster which hangs would keep the others from being shown.
 */
export function boundedFetcher(
  fetcher: KubernetesFetcher,
  options: { callers: Callers; clock: Clock },
): KubernetesFetcher {
  const { callers, clock } = options;
  const objects = new LateAnswers<FetchResponse>(clock);
  const metrics = new LateAnswers<FetchResponse>(clock);
  return {
    fetchObjectsForService(params) {
      const { clusterDetails, credential, objectTypesToFetch } = params;
      const { serviceId, labelSelector, namespace, customResources } = params;
      const key = keyOf(clusterDetails, credential, [
        serviceId,
        labelSelector,
        namespace,
        customResources,
        [...objectTypesToFetch],
      ]);
      return objects.within(key, callers.patience(), {
        ask: () => fetcher.fetchObjectsForService(params),
        instead: () => ({
          responses: [],
          errors: [notYet(clusterDetails.title || clusterDetails.name)],
        }),
      });
    },
    fetchPodMetricsByNamespaces(cluster, credential, namespaces, selector) {
      const key = keyOf(cluster, credential, [[...namespaces], selector]);
      return metrics.within(key, callers.patience(), {
        ask: () =>
          fetcher.fetchPodMetricsByNamespaces(
            cluster,
            credential,
            namespaces,
            selector,
          ),
        instead: () => ({ responses: [], errors: [] }),
      });
    },
  };
}

function notYet(cluster: string) {
  return {
    errorType: 'FETCH_ERROR' as const,
    message: `${cluster} has not answered yet: its resources appear here once it does. If it lasts, tell the admin of this Backstage.`,
  };
}

/** What is asked and as whom, without the token itself. */
function keyOf(cluster: object, credential: object, asked: unknown[]): string {
  const text = JSON.stringify([cluster, credential, asked]);
  return createHash('sha256').update(text).digest('base64');
}
