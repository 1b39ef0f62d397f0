import { useApi } from '@backstage/core-plugin-api';
import Button from '@material-ui/core/Button';
import Dialog from '@material-ui/core/Dialog';
import DialogActions from '@material-ui/core/DialogActions';
import DialogContent from '@material-ui/core/DialogContent';
import DialogContentText from '@material-ui/core/DialogContentText';
import DialogTitle from '@material-ui/core/DialogTitle';
import { useId } from 'react';
import useAsyncFn from 'react-use/esm/useAsyncFn';

import {
  ClusterStatus,
  clusterAuthApiRef,
  Disconnected,
} from '../api/ClusterAuthApi';
import { problemOf } from '../api/Problem';
import { clusterStatusApiRef } from '../status/ClusterStatusApi';
import { formatTime } from './clusterSentence';

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
    const outcome = sentenceOf(answer, cluster.name);
    if (!outcome) {
      onClose();
    }
    return outcome;
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

/** What there is to say of a login that was deleted, if anything. */
function sentenceOf(answer: Disconnected, name: string): string | undefined {
  if (answer.revocationPending.includes(name)) {
    return 'Disconnected. The identity provider has not confirmed yet that your tokens are revoked; the backend retries by itself.';
  }
  const login = answer.livesOn?.find(each => each.name === name);
  if (!login) {
    return undefined;
  }
  const until = login.until
    ? `until ${formatTime(login.until)}`
    : 'until it ends it by itself';
  return `Disconnected here. The identity provider offers no revocation, so your login lives on there ${until}: log out there, too.`;
}

function sentence(leaving: { error?: Error; value?: string }): string {
  if (leaving.error) {
    return problemOf(leaving.error).message;
  }
  if (leaving.value) {
    return leaving.value;
  }
  return 'Your login is deleted, and revoked at the identity provider. Backstage shows nothing of this cluster until you connect again.';
}
