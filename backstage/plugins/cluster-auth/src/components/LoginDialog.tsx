import { useApi } from '@backstage/core-plugin-api';
import Dialog from '@material-ui/core/Dialog';
import DialogTitle from '@material-ui/core/DialogTitle';
import { useTheme } from '@material-ui/core/styles';
import useMediaQuery from '@material-ui/core/useMediaQuery';
import { useCallback, useId, useRef, useState } from 'react';

import { LoginRequest, loginApiRef } from '../login/LoginApi';
import { useLiveValue } from '../useLiveValue';
import { ClusterChoice } from './ClusterChoice';
import { Login } from './Login';

/** The dialog "Get K8s access"; rendered once in the app's root, and shown when the user wants to log in. */
export function LoginDialog() {
  const request = useLiveValue(useApi(loginApiRef).request);
  return request ? <OpenDialog request={request} /> : null;
}

function OpenDialog({ request }: { request: LoginRequest }) {
  const loginApi = useApi(loginApiRef);
  const titleId = useId();
  const theme = useTheme();
  const fullScreen = useMediaQuery(theme.breakpoints.down('xs'));
  const [cluster, setCluster] = useState(request.cluster);
  const [attempt, setAttempt] = useState(1);
  const close = useCallback(() => loginApi.close(), [loginApi]);
  const escape = useRef(close);
  const again = useCallback(() => setAttempt(last => last + 1), []);

  // A click beside the dialog does not close it, since that would lose a pending login.
  const closeByEscape = (_: unknown, reason: string) => {
    if (reason !== 'backdropClick') {
      escape.current();
    }
  };
  return (
    <Dialog
      open
      fullWidth
      maxWidth="sm"
      fullScreen={fullScreen}
      onClose={closeByEscape}
      aria-labelledby={titleId}
    >
      <DialogTitle id={titleId}>Get K8s access</DialogTitle>
      {cluster ? (
        <Login
          key={attempt}
          cluster={cluster}
          begunBy={attempt === 1 ? request.begunBy : 'click'}
          escape={escape}
          onClose={close}
          onAgain={again}
        />
      ) : (
        <ClusterChoice
          among={request.clusters}
          onChoose={setCluster}
          onClose={close}
        />
      )}
    </Dialog>
  );
}
