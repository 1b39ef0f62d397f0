import {
  configApiRef,
  storageApiRef,
  useApi,
} from '@backstage/core-plugin-api';
import { useEffect, useState } from 'react';

import { clusterAuthApiRef } from '../api/ClusterAuthApi';
import { systemClock } from '../clock';
import { PageExtension } from '../login/extension';
import { handOverToHelper } from '../login/handOverToHelper';
import { LoginFlow } from '../login/LoginFlow';
import { rememberedHelper } from '../login/rememberedHelper';
import type { LoginState } from '../login/LoginState';

/** A login in a component. */
export interface ShownLogin {
  state: LoginState;
  handOverToHelper(helperUrl: string): void;
}

/** Begins a login when the component is mounted, and stops it when it is unmounted. */
export function useLoginFlow(cluster: string): ShownLogin {
  const clusterAuthApi = useApi(clusterAuthApiRef);
  const configApi = useApi(configApiRef);
  const storageApi = useApi(storageApiRef);
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
      provenHelper: rememberedHelper(storageApi, configApi),
    });
    const unsubscribe = begun.state.subscribe(() =>
      setState(begun.state.get()),
    );
    setFlow(begun);
    begun.start(cluster);
    return () => {
      unsubscribe();
      begun.close();
    };
  }, [clusterAuthApi, configApi, storageApi, cluster]);
  return {
    state,
    handOverToHelper: helperUrl => flow?.handOverToHelper(helperUrl),
  };
}
