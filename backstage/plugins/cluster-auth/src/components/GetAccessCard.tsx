import { Progress } from '@backstage/core-components';
import { useApi } from '@backstage/core-plugin-api';
import { EntityInfoCard } from '@backstage/plugin-catalog-react';
import Button from '@material-ui/core/Button';
import Typography from '@material-ui/core/Typography';

import { systemClock } from '../clock';
import { loginApiRef } from '../login/LoginApi';
import { useClusterStatus } from '../status/useClusterStatus';
import { clusterSentence } from './clusterSentence';
import { StatusProblem } from './StatusProblem';

/** The card for an entity with Kubernetes resources: the user's clusters, and the button "Get K8s access". */
export function GetAccessCard() {
  const loginApi = useApi(loginApiRef);
  const { status, problem } = useClusterStatus();
  const isComplete = status?.clusters.every(({ connected }) => connected);
  return (
    <EntityInfoCard title="K8s access">
      {!status && !problem && <Progress />}
      {problem && <StatusProblem problem={problem} />}
      {status?.clusters.map(cluster => (
        <Typography key={cluster.name} paragraph>
          <strong>{cluster.title}</strong>
          <br />
          {clusterSentence(cluster, systemClock.now())}
        </Typography>
      ))}
      {status && !isComplete && (
        <Button
          variant="contained"
          color="primary"
          onClick={() => loginApi.open({})}
        >
          Get K8s access
        </Button>
      )}
    </EntityInfoCard>
  );
}
