import { createApiRef } from '@backstage/frontend-plugin-api';

import type { Status } from '../api/ClusterAuthApi';
import type { Problem } from '../api/Problem';
import type { LiveValue } from '../LiveValue';

/** The status of the user's clusters: the last answer, and the reason if it could not be updated. */
export interface KnownStatus {
  status?: Status;
  problem?: Problem;
}

/** The status of the user's clusters, shared by the whole app. */
export interface ClusterStatusApi {
  readonly known: LiveValue<KnownStatus>;
  /** Asks the backend again and resolves after the answer; never throws. */
  refresh(): Promise<KnownStatus>;
}

/** The {@link ClusterStatusApi} of the app. */
export const clusterStatusApiRef = createApiRef<ClusterStatusApi>({
  id: 'plugin.cluster-auth.status',
});
