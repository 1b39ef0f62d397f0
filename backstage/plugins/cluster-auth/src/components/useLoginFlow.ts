import { configApiRef, useApi } from '@backstage/core-plugin-api';
import { useEffect, useState } from 'react';

import { clusterAuthApiRef } from '../api/ClusterAuthApi';
import { systemClock } from '../clock';
import { browserMemory } from '../login/BrowserMemory';
import { PageExtension } from '../login/extension';
import { handOverToHelper } from '../login/handOverToHelper';
import { LoginFlow } from '../login/LoginFlow';
import { rememberedWays } from '../login/rememberedWays';
import type { LoginState } from '../login/LoginState';

/** A login in a component; no flow before it has begun. */
export interface ShownLogin {
  state: LoginState;
  flow?: LoginFlow;
}

/** Begins a login when the component is mounted, and stops it when it is unmounted. */
export function useLoginFlow(cluster: string): ShownLogin {
  const clusterAuthApi = useApi(clusterAuthApiRef);
  const configApi = useApi(configApiRef);
  const [flow, setFlow] = useState<LoginFlow>();
  const [state, setState] = useState<LoginState>({ step: 'registering' });
  useEffect(() => {
    const begun = new LoginFlow({
      clusterAuthApi,
      clock: systemClock,
      extension: new PageExtension({
        page: window,
        clock: systemClock,
        randomId: () => crypto.getRandomValues(new Uint32Array(4)).join('-'),
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
  }, [clusterAuthApi, configApi, cluster]);
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
