import { Progress } from '@backstage/core-components';
import { useApi } from '@backstage/core-plugin-api';
import Button from '@material-ui/core/Button';
import Typography from '@material-ui/core/Typography';
import { makeStyles } from '@material-ui/core/styles';
import { useState } from 'react';

import type { ClusterStatus } from '../api/ClusterAuthApi';
import { systemClock } from '../clock';
import { loginApiRef } from '../login/LoginApi';
import { useClusterStatus } from '../status/useClusterStatus';
import { clusterSentence } from './clusterSentence';
import { StatusProblem } from './StatusProblem';
import { DisconnectDialog } from './DisconnectDialog';

const useStyles = makeStyles(
  theme => ({
    list: { listStyle: 'none', margin: 0, padding: 0 },
    cluster: {
      display: 'flex',
      flexWrap: 'wrap',
      alignItems: 'center',
      gap: theme.spacing(2),
      padding: theme.spacing(2, 0),
      borderBottom: `1px solid ${theme.palette.divider}`,
    },
    words: { flex: '1 1 16rem', overflowWrap: 'anywhere' },
  }),
  { name: 'ClusterAuthClusterList' },
);

/** All clusters with the user's login at each; connect, disconnect. */
export function ClusterList() {
  const classes = useStyles();
  const loginApi = useApi(loginApiRef);
  const { status, problem } = useClusterStatus();
  const [leaving, setLeaving] = useState<ClusterStatus>();
  return (
    <>
      {!status && !problem && <Progress />}
      {problem && <StatusProblem problem={problem} />}
      {status && <Typography>Clusters of {status.user}</Typography>}
      <ul className={classes.list}>
        {status?.clusters.map(cluster => (
          <li key={cluster.name} className={classes.cluster}>
            <div className={classes.words}>
              <Typography variant="h6" component="h2">
                {cluster.title}
              </Typography>
              <Typography>
                {clusterSentence(cluster, systemClock.now())}
              </Typography>
            </div>
            {cluster.connected ? (
              <Button
                variant="outlined"
                aria-label={`Disconnect ${cluster.title}`}
                onClick={() => setLeaving(cluster)}
              >
                Disconnect
              </Button>
            ) : (
              <Button
                variant="contained"
                color="primary"
                aria-label={`Connect ${cluster.title}`}
                onClick={() => loginApi.open({ cluster: cluster.name })}
              >
                Connect
              </Button>
            )}
          </li>
        ))}
      </ul>
      {leaving && (
        <DisconnectDialog
          cluster={leaving}
          onClose={() => setLeaving(undefined)}
        />
      )}
    </>
  );
}
