import type { Entity } from '@backstage/catalog-model';
import { useApi } from '@backstage/core-plugin-api';
import {
  AsyncEntityProvider,
  useAsyncEntity,
} from '@backstage/plugin-catalog-react';
import { makeStyles } from '@material-ui/core/styles';
import { type ReactNode, useEffect, useMemo } from 'react';

import { entityClustersApiRef } from '../kubernetes/EntityClustersApi';
import { clusterStatusApiRef } from '../status/ClusterStatusApi';
import { useClusterStatus } from '../status/useClusterStatus';
import { useLiveValue } from '../useLiveValue';
import { BlankClusterLine } from './BlankClusterLine';
import { useAskAgain } from './useAskAgain';

const useStyles = makeStyles(
  theme => ({
    list: {
      listStyle: 'none',
      margin: theme.spacing(0, 0, 3),
      padding: 0,
      display: 'grid',
      gap: theme.spacing(1),
    },
  }),
  { name: 'ClusterAuthKubernetesAccess' },
);

/** Around the stock content of the Kubernetes tab: a line for each cluster of the entity that cannot be asked as this user. */
export function KubernetesAccess({ children }: { children: ReactNode }) {
  const { entity } = useAsyncEntity();
  return entity ? (
    <EntityAccess entity={entity}>{children}</EntityAccess>
  ) : (
    <>{children}</>
  );
}

function EntityAccess(props: { entity: Entity; children: ReactNode }) {
  const { entity, children } = props;
  const classes = useStyles();
  const { loading, error, refresh } = useAsyncEntity();
  const entityClustersApi = useApi(entityClustersApiRef);
  const clusterStatusApi = useApi(clusterStatusApiRef);
  const answer = useLiveValue(entityClustersApi.of(entity));
  const { blank = [], hasOthers = true } = answer ?? {};
  const { status } = useClusterStatus();
  const lines = blank.map(each => ({
    blank: each,
    status: status?.clusters.find(({ name }) => name === each.cluster),
  }));
  const askedAgain = useAskAgain(
    lines.some(
      line => line.status?.connected && line.blank.code === 'not_connected',
    ),
  );
  useEffect(() => {
    // The reason may be newer than what is known.
    if (answer?.blank.some(({ code }) => code === 'not_connected')) {
      clusterStatusApi.refresh();
    }
  }, [answer, clusterStatusApi]);
  useEffect(
    () => () => entityClustersApi.forget(entity),
    [entityClustersApi, entity],
  );
  // The stock content asks again at once for another object. Its state, such as what is unfolded, is kept.
  const asked = useMemo(
    () => ({ number: askedAgain, entity: { ...entity } }.entity),
    [askedAgain, entity],
  );

  return (
    <>
      {lines.length > 0 && (
        <ul className={classes.list} aria-label="Clusters without access">
          {lines.map(line => (
            <BlankClusterLine key={line.blank.name} {...line} />
          ))}
        </ul>
      )}
      {/* With nothing else in the answer, it would say that there are no resources. It still has to ask. */}
      <div hidden={lines.length > 0 && !hasOthers}>
        <AsyncEntityProvider
          entity={asked}
          loading={loading}
          error={error}
          refresh={refresh}
        >
          {children}
        </AsyncEntityProvider>
      </div>
    </>
  );
}
