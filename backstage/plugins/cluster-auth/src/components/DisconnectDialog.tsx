import { useApi } from '@backstage/core-plugin-api';
import Button from '@material-ui/core/Button';
import Dialog from '@material-ui/core/Dialog';
import DialogActions from '@material-ui/core/DialogActions';
import DialogContent from '@material-ui/core/DialogContent';
import DialogContentText from '@material-ui/core/DialogContentText';
import DialogTitle from '@material-ui/core/DialogTitle';
import { useId } from 'react';
import useAsyncFn from 'react-use/esm/useAsyncFn';

import { ClusterStatus, clusterAuthApiRef } from '../api/ClusterAuthApi';
import { problemOf } from '../api/Problem';
import { clusterStatusApiRef } from '../status/ClusterStatusApi';

/** Asks before a login is deleted, and reports the result if there is more to say. */
export function DisconnectDialog(props: {
  cluster: ClusterStatus;
  onClose: () => void;
}) {
  const { cluster, onClose } = props;
  const titleId = useId();
  const clusterAuthApi = useApi(clusterAuthApiRef);
  const clusterStatusApi = useApi(clusterStatusApiRef);
  const [leaving, leave] = useAsyncFn(async () => {
    const answer = await clusterAuthApi.disconnect(cluster.name);
    clusterStatusApi.refresh();
    const isRevoked = !answer.revocationPending.includes(cluster.name);
    if (isRevoked) {
      onClose();
    }
    return answer;
  }, [clusterAuthApi, clusterStatusApi, cluster.name, onClose]);

  return (
    <Dialog open onClose={onClose} aria-labelledby={titleId}>
      <DialogTitle id={titleId}>Disconnect from {cluster.title}?</DialogTitle>
      <DialogContent>
        <DialogContentText role="status" color="textPrimary">
          {sentence(leaving)}
        </DialogContentText>
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose}>{leaving.value ? 'Close' : 'Cancel'}</Button>
        {!leaving.value && (
          <Button
            variant="contained"
            color="primary"
            disabled={leaving.loading}
            onClick={leave}
          >
            Disconnect
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}

function sentence(leaving: { error?: Error; value?: object }): string {
  if (leaving.error) {
    return problemOf(leaving.error).message;
  }
  if (leaving.value) {
    return 'Disconnected. The identity provider has not confirmed yet that your tokens are revoked; the backend retries by itself.';
  }
  return 'Your login is deleted, and revoked at the identity provider. Backstage shows nothing of this cluster until you connect again.';
}
