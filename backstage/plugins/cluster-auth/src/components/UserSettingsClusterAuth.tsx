import { InfoCard } from '@backstage/core-components';

import { ClusterList } from './ClusterList';

/**
 * The section of the user's settings: the same clusters as on the page.
 *
 * @public
 */
export function UserSettingsClusterAuth() {
  return (
    <InfoCard title="K8s access">
      <ClusterList />
    </InfoCard>
  );
}
