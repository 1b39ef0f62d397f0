import { useApi } from '@backstage/core-plugin-api';
import { useEffect } from 'react';

import { useLiveValue } from '../useLiveValue';
import { clusterStatusApiRef, KnownStatus } from './ClusterStatusApi';

/** The user's clusters: asked for when the component appears, and when the person comes back to this tab. */
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
