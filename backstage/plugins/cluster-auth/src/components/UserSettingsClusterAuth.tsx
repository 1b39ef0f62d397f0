import { InfoCard } from '@backstage/core-components';

import { ClusterList } from './ClusterList';

/** The section of the user's settings, with the same clusters as the page. */
export function UserSettingsClusterAuth() {
  return (
    <InfoCard title="K8s access">
      <ClusterList />
    </InfoCard>
  );
}
