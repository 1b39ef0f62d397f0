import { useApi } from '@backstage/core-plugin-api';
import { useEffect } from 'react';

import { useLiveValue } from '../useLiveValue';
import { clusterStatusApiRef, KnownStatus } from './ClusterStatusApi';

/** The status of the user's clusters, updated when the component is mounted and when the user comes back to this tab. */
export function useClusterStatus(): KnownStatus {
  const clusterStatusApi = useApi(clusterStatusApiRef);
  useEffect(() => {
    const refresh = () => {
      if (document.visibilityState === 'visible') {
        clusterStatusApi.refresh();
      }
    };
    refresh();
    document.addEventListener('visibilitychange', refresh);
    return () => document.removeEventListener('visibilitychange', refresh);
  }, [clusterStatusApi]);
  return useLiveValue(clusterStatusApi.known);
}
