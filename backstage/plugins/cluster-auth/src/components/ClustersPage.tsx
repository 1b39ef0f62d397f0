import { Content, Header, Page } from '@backstage/core-components';

import { ClusterList } from './ClusterList';

/** The page of clusters with its own header, for the legacy frontend system. */
export function ClustersPage() {
  return (
    <Page themeId="tool">
      <Header title="K8s access" />
      <Content>
        <ClusterList />
      </Content>
    </Page>
  );
}

/** The page of clusters below an existing header. */
export function ClustersContent() {
  return (
    <main>
      <Content>
        <ClusterList />
      </Content>
    </main>
  );
}
