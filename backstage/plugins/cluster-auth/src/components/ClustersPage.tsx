import { Content, Header, Page } from '@backstage/core-components';

import { ClusterList } from './ClusterList';
import { ConnectByAddress } from './ConnectByAddress';

/** The page of clusters with its own header, for the legacy frontend system. */
export function ClustersPage() {
  return (
    <Page themeId="tool">
      <Header title="K8s access" />
      <Content>
        <ConnectByAddress />
        <ClusterList />
      </Content>
    </Page>
  );
}

/** The page of clusters below an existing header. */
export function ClustersPageContent() {
  return (
    <main>
      <Content>
        <ConnectByAddress />
        <ClusterList />
      </Content>
    </main>
  );
}

/** The same clusters in the user's settings. */
export function ClustersSettingsContent() {
  return (
    <main>
      <Content>
        <ClusterList />
      </Content>
    </main>
  );
}
