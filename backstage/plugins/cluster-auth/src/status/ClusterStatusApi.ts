import { createApiRef } from '@backstage/frontend-plugin-api';

import type { Status } from '../api/ClusterAuthApi';
import type { Problem } from '../api/Problem';
import type { LiveValue } from '../LiveValue';

/** What is known of the user's clusters: the last answer, and why there is no newer one. */
export interface KnownStatus {
  status?: Status;
  problem?: Problem;
}

/** The user's clusters, known once for the whole app. */
export interface ClusterStatusApi {
  readonly known: LiveValue<KnownStatus>;
  /** Asks the backend again, and ends when the answer is known; never throws. */
  refresh(): Promise<KnownStatus>;
}

/** The {@link ClusterStatusApi} of the app. */
export const clusterStatusApiRef = createApiRef<ClusterStatusApi>({
  id: 'plugin.cluster-auth.status',
});
