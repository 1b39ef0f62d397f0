import type {
  ClusterObjects,
  KubernetesFetchError,
} from '@backstage/plugin-kubernetes-common';

/** A cluster of an entity that was not asked, since there is no token for this user. */
export interface BlankCluster {
  /** Its name in Backstage. */
  name: string;
  title: string;
  /** Its name at the cluster-auth backend. */
  cluster: string;
  /** The stable code, such as `not_connected`; none if the backend did not answer. */
  code?: string;
  /** A sentence with the next step. */
  message: string;
}

/** What the Kubernetes backend module adds to the error of such a cluster. */
interface Explained {
  message: string;
  clusterAuth: { cluster: string; code?: string };
}

/** The blank cluster in a part of the Kubernetes plugin's answer, if it is one. */
export function blankCluster(item: ClusterObjects): BlankCluster | undefined {
  const { name, title } = item.cluster;
  const error = item.errors.find(isExplained);
  return (
    error && {
      name,
      title: title || name,
      message: error.message,
      ...error.clusterAuth,
    }
  );
}

function isExplained(
  error: KubernetesFetchError,
): error is KubernetesFetchError & Explained {
  return (
    'clusterAuth' in error &&
    typeof error.clusterAuth === 'object' &&
    error.clusterAuth !== null &&
    'cluster' in error.clusterAuth &&
    typeof error.clusterAuth.cluster === 'string'
  );
}
