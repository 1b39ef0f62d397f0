import { Content, Header, Page } from '@backstage/core-components';

import { ClusterList } from './ClusterList';

/** The page of clusters, with a header of its own: for the legacy frontend system. */
export function ClustersPage() {
  return (
    <Page themeId="tool">
      <Header title="Kubernetes access" />
      <ClustersContent />
    </Page>
  );
}

/** The page of clusters, below a header that is there already. */
export function ClustersContent() {
  return (
    <Content>
      <ClusterList />
    </Content>
  );
}
