import { configApiRef, useApi } from '@backstage/core-plugin-api';
import { useEffect, useState } from 'react';

import { clusterAuthApiRef } from '../api/ClusterAuthApi';
import { systemClock } from '../clock';
import { browserMemory } from '../login/BrowserMemory';
import { PageExtension } from '../login/extension';
import { handOverToHelper } from '../login/handOverToHelper';
import type { LoginRequest } from '../login/LoginApi';
import { LoginFlow } from '../login/LoginFlow';
import { rememberedWays } from '../login/rememberedWays';
import type { LoginState } from '../login/LoginState';
import { randomId } from '../randomId';

/** A login in a component; no flow before it has begun. */
export interface ShownLogin {
  state: LoginState;
  flow?: LoginFlow;
}

/** Begins a login when the component is mounted, and stops it when it is unmounted. */
export function useLoginFlow(
  cluster: string,
  begunBy: LoginRequest['begunBy'],
): ShownLogin {
  const clusterAuthApi = useApi(clusterAuthApiRef);
  const configApi = useApi(configApiRef);
  const [flow, setFlow] = useState<LoginFlow>();
  const [state, setState] = useState<LoginState>({ step: 'registering' });
  useEffect(() => {
    const begun = new LoginFlow({
      clusterAuthApi,
      clock: systemClock,
      begunBy,
      extension: new PageExtension({
        page: window,
        clock: systemClock,
        randomId,
      }),
      handOverToHelper: (helperUrl, sessionToken) =>
        handOverToHelper(document, helperUrl, sessionToken),
      ways: rememberedWays(browserMemory, configApi),
    });
    const unsubscribe = begun.state.subscribe(() =>
      setState(begun.state.get()),
    );
    const stopWatching = watchPage(begun);
    setFlow(begun);
    begun.start(cluster);
    return () => {
      unsubscribe();
      stopWatching();
      begun.close();
    };
  }, [clusterAuthApi, configApi, cluster, begunBy]);
  return { state, flow };
}

/** Tells the flow when the user comes back to this page, or leaves it for good. */
function watchPage(flow: LoginFlow): () => void {
  const comeBack = () => {
    if (document.visibilityState === 'visible') {
      flow.userIsBack();
    }
  };
  const leave = () => flow.leave({ keepalive: true });
  document.addEventListener('visibilitychange', comeBack);
  window.addEventListener('pagehide', leave);
  return () => {
    document.removeEventListener('visibilitychange', comeBack);
    window.removeEventListener('pagehide', leave);
  };
}
