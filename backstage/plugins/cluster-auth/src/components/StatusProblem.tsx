import { useApi } from '@backstage/core-plugin-api';
import Button from '@material-ui/core/Button';
import Typography from '@material-ui/core/Typography';

import type { Problem } from '../api/Problem';
import { clusterStatusApiRef } from '../status/ClusterStatusApi';

/** Why the clusters' status could not be updated, with a button to retry. */
export function StatusProblem({ problem }: { problem: Problem }) {
  const clusterStatusApi = useApi(clusterStatusApiRef);
  return (
    <Typography component="div" paragraph>
      {problem.message}{' '}
      <Button
        variant="outlined"
        size="small"
        onClick={() => clusterStatusApi.refresh()}
      >
        Try again
      </Button>
    </Typography>
  );
}
