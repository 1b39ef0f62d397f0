import Button from '@material-ui/core/Button';
import DialogActions from '@material-ui/core/DialogActions';
import DialogContent from '@material-ui/core/DialogContent';
import DialogContentText from '@material-ui/core/DialogContentText';
import List from '@material-ui/core/List';
import { useEffect } from 'react';

import type { ClusterStatus } from '../api/ClusterAuthApi';
import type { KnownStatus } from '../status/ClusterStatusApi';
import { useClusterStatus } from '../status/useClusterStatus';

/** Asks for the cluster if there are several. */
export function ClusterChoice(props: {
  /** All clusters unless set. */
  among?: string[];
  onChoose: (cluster: string) => void;
  onClose: () => void;
}) {
  const { among, onChoose, onClose } = props;
  const known = useClusterStatus();
  const clusters = known.status ? choices(known.status.clusters, among) : [];
  const only = clusters.length === 1 ? clusters[0].name : undefined;
  useEffect(() => {
    if (only) {
      onChoose(only);
    }
  }, [only, onChoose]);

  return (
    <>
      <DialogContent>
        <DialogContentText role="status" color="textPrimary">
          {sentence(known)}
        </DialogContentText>
        <List>
          {clusters.map(({ name, title }) => (
            <li key={name}>
              <Button fullWidth onClick={() => onChoose(name)}>
                {title}
              </Button>
            </li>
          ))}
        </List>
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
      </DialogActions>
    </>
  );
}

/** The clusters without a login; all clusters if each has one. */
function choices(all: ClusterStatus[], among?: string[]): ClusterStatus[] {
  const clusters = all.filter(({ name }) => among?.includes(name) ?? true);
  const missing = clusters.filter(({ connected }) => !connected);
  return missing.length > 0 ? missing : clusters;
}

function sentence({ status, problem }: KnownStatus): string {
  if (status?.clusters.length === 0) {
    return 'No cluster is configured: ask the admins of Backstage to add one to the cluster-auth backend.';
  }
  if (status) {
    return 'To which cluster?';
  }
  return problem?.message ?? 'Loading the clusters…';
}
