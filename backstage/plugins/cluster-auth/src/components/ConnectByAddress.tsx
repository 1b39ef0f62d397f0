import { useApi } from '@backstage/core-plugin-api';
import Typography from '@material-ui/core/Typography';
import { useEffect, useState } from 'react';
import { useSearchParams } from 'react-router-dom';

import type { ClusterStatus, Status } from '../api/ClusterAuthApi';
import { loginApiRef } from '../login/LoginApi';
import {
  type KnownStatus,
  clusterStatusApiRef,
} from '../status/ClusterStatusApi';
import { useLiveValue } from '../useLiveValue';

/** The extension's popup opens the page with it: `/cluster-auth?connect=<cluster>`. */
const PARAMETER = 'connect';

/** What the address asked for. */
interface Asked {
  cluster: string;
  /** What was known then; the answer comes later. */
  before: KnownStatus;
}

/**
 * Opens the dialog for the cluster that the address names, once. Any site may link here, so that nothing begins but a login of the user's
 * own, at a cluster that they have, and never in a frame.
 */
export function ConnectByAddress({ page = window }: { page?: Window }) {
  const loginApi = useApi(loginApiRef);
  const clusterStatusApi = useApi(clusterStatusApiRef);
  const known = useLiveValue(clusterStatusApi.known);
  const [parameters, setParameters] = useSearchParams();
  const [asked, setAsked] = useState<Asked>();
  /** The cluster that there was nothing to begin for. */
  const [spared, setSpared] = useState<string>();
  const cluster = parameters.get(PARAMETER);

  useEffect(() => {
    if (cluster === null) {
      return;
    }
    // Neither loading the page again nor Back begins another login.
    setParameters(without, { replace: true });
    if (page.top === page) {
      setAsked({ cluster, before: clusterStatusApi.known.get() });
      clusterStatusApi.refresh();
    }
  }, [cluster, setParameters, clusterStatusApi, page]);

  useEffect(() => {
    const { status, problem } = known;
    // The page shows a problem, and asks again.
    if (!asked || known === asked.before || !status || problem) {
      return;
    }
    setAsked(undefined);
    const found = named(asked.cluster, status);
    if (found && !found.connected) {
      setSpared(undefined);
      loginApi.open({ cluster: found.name, begunBy: 'address' });
    } else {
      setSpared(asked.cluster);
    }
  }, [asked, known, loginApi]);

  const isSpared = spared !== undefined && known.status;
  return (
    <Typography role="status">
      {isSpared && whyNot(named(spared, known.status))}
    </Typography>
  );
}

function named(cluster: string, status?: Status): ClusterStatus | undefined {
  return status?.clusters.find(({ name }) => name === cluster);
}

function without(parameters: URLSearchParams): URLSearchParams {
  const rest = new URLSearchParams(parameters);
  rest.delete(PARAMETER);
  return rest;
}

/** Never with a word of the address, which a stranger may have written. */
function whyNot(found: ClusterStatus | undefined): string | undefined {
  if (!found) {
    return 'The link that led here names a cluster that you do not have: choose one of these.';
  }
  return found.connected
    ? `You are connected to ${found.title} already.`
    : undefined;
}
