import { useApi } from '@backstage/core-plugin-api';
import Button from '@material-ui/core/Button';
import Paper from '@material-ui/core/Paper';
import Typography from '@material-ui/core/Typography';
import { makeStyles } from '@material-ui/core/styles';

import type { ClusterStatus } from '../api/ClusterAuthApi';
import { systemClock } from '../clock';
import type { BlankCluster } from '../kubernetes/blankCluster';
import { loginApiRef } from '../login/LoginApi';
import { clusterSentence } from './clusterSentence';

const useStyles = makeStyles(
  theme => ({
    line: {
      display: 'flex',
      flexWrap: 'wrap',
      alignItems: 'center',
      gap: theme.spacing(1, 2),
      padding: theme.spacing(1.5, 2),
    },
    words: { flex: '1 1 16rem', overflowWrap: 'anywhere' },
  }),
  { name: 'ClusterAuthBlankClusterLine' },
);

/** Why a cluster of the entity shows nothing, with the button if a login helps. */
export function BlankClusterLine(props: {
  blank: BlankCluster;
  /** The cluster at the cluster-auth backend, if it is known there. */
  status?: ClusterStatus;
}) {
  const { blank, status } = props;
  const classes = useStyles();
  const loginApi = useApi(loginApiRef);
  const canLogIn = blank.code === 'not_connected' && !status?.connected;
  return (
    <Paper component="li" className={classes.line}>
      <div className={classes.words}>
        <Typography>
          <strong>{blank.title}</strong>
        </Typography>
        <Typography variant="body2">{sentence(blank, status)}</Typography>
      </div>
      {canLogIn && (
        <Button
          variant="contained"
          color="primary"
          aria-label={`Get K8s access to ${blank.title}`}
          onClick={() => loginApi.open({ cluster: blank.cluster })}
        >
          Get K8s access
        </Button>
      )}
    </Paper>
  );
}

function sentence(blank: BlankCluster, status?: ClusterStatus): string {
  switch (blank.code) {
    case 'unknown_cluster':
      return `The cluster-auth backend has no cluster with the name ${blank.cluster}. A login does not help: tell the admins of Backstage that CLUSTER_NAME of the backend and the name of this cluster must be the same.`;
    case 'not_connected':
      return status?.connected
        ? 'Connected. What runs there is shown in a moment.'
        : notConnected(status);
    default:
      return blank.message;
  }
}

function notConnected(status?: ClusterStatus): string {
  return status?.reason
    ? clusterSentence(status, systemClock.now())
    : 'You are not connected. Log in to see what runs there.';
}
