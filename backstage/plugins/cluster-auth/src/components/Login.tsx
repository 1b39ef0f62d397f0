import { useApi } from '@backstage/core-plugin-api';
import Button from '@material-ui/core/Button';
import DialogActions from '@material-ui/core/DialogActions';
import DialogContent from '@material-ui/core/DialogContent';
import DialogContentText from '@material-ui/core/DialogContentText';
import { type MutableRefObject, useCallback, useEffect } from 'react';

import type { LoginRequest } from '../login/LoginApi';
import { clusterStatusApiRef } from '../status/ClusterStatusApi';
import { useLiveValue } from '../useLiveValue';
import { Countdown } from './Countdown';
import { LoginWays } from './LoginWays';
import { loginSentence } from './loginSentence';
import { useLoginFlow } from './useLoginFlow';

/** How long the last sentence is shown. */
const CLOSES_AFTER_MS = 2_500;

/** One login in the dialog, from beginning to end. */
export function Login(props: {
  cluster: string;
  begunBy: LoginRequest['begunBy'];
  /** Escape has the same effect as the button "Cancel". */
  escape: MutableRefObject<() => void>;
  onClose: () => void;
  onAgain: () => void;
}) {
  const { cluster, begunBy, escape, onClose, onAgain } = props;
  const { state, flow } = useLoginFlow(cluster, begunBy);
  const clusterStatusApi = useApi(clusterStatusApiRef);
  const { status } = useLiveValue(clusterStatusApi.known);
  const known = status?.clusters.find(({ name }) => name === cluster);
  const title = known?.title ?? cluster;
  const complete = state.step === 'complete';
  const isExchanging = state.step === 'open' && state.progress === 'exchanging';
  const leave = useCallback(async () => {
    // What is being completed is not cancelled any more.
    if (isExchanging || !flow || (await flow.cancel())) {
      onClose();
    }
  }, [flow, isExchanging, onClose]);
  useEffect(() => {
    escape.current = leave;
    return () => {
      escape.current = onClose;
    };
  }, [escape, leave, onClose]);

  useEffect(() => {
    if (!complete) {
      return undefined;
    }
    clusterStatusApi.refresh();
    const timer = setTimeout(onClose, CLOSES_AFTER_MS);
    return () => clearTimeout(timer);
  }, [complete, clusterStatusApi, onClose]);

  return (
    <>
      <DialogContent>
        <DialogContentText role="status" color="textPrimary">
          {loginSentence(state, title)}
        </DialogContentText>
        {state.step === 'open' && flow && (
          <LoginWays login={state} flow={flow} />
        )}
      </DialogContent>
      <DialogActions>
        {state.step === 'open' && <Countdown until={state.endsAt} />}
        {state.step === 'failed' && (
          <Button variant="contained" color="primary" onClick={onAgain}>
            Try again
          </Button>
        )}
        <Button onClick={leave}>
          {complete || isExchanging ? 'Close' : 'Cancel'}
        </Button>
      </DialogActions>
    </>
  );
}
