import { LoginFlow } from '../login/LoginFlow';
import type { LoginState } from '../login/LoginState';
import type { Extension } from '../login/extension';
import type { Way } from '../login/rememberedWays';
import { ClusterAuthStandIn } from './ClusterAuthStandIn';
import { HeldClock, settled } from './HeldClock';

export const HELPER = 'http://localhost:8888';
export const noExtension: Extension = {
  answers: async () => false,
  start: async () => undefined,
};

export function remembering(helperUrl?: string) {
  let proven = helperUrl;
  let last: Way | undefined;
  return {
    provenHelper: () => proven,
    setProvenHelper: (url: string | undefined) => {
      proven = url;
    },
    lastWay: () => last,
    setLastWay: (way: Way) => {
      last = way;
    },
  };
}

export function begin(extension = noExtension, ways = remembering()) {
  const clusterAuthApi = new ClusterAuthStandIn();
  const clock = new HeldClock();
  const handedOver: string[] = [];
  const flow = new LoginFlow({
    clusterAuthApi,
    clock,
    extension,
    handOverToHelper: (url, token) => handedOver.push(`${url} ${token}`),
    ways,
  });
  return { clusterAuthApi, clock, handedOver, flow };
}

export async function open(extension = noExtension, ways = remembering()) {
  const login = begin(extension, ways);
  const ended = login.flow.start('prod');
  await settled();
  return { ...login, ended };
}

export function opened(state: LoginState) {
  if (state.step !== 'open') {
    throw new Error(`The login is not open but ${state.step}.`);
  }
  return state;
}
