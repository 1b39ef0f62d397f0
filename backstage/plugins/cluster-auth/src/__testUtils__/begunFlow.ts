import { LoginFlow, type LoginFlowOptions } from '../login/LoginFlow';
import type { LoginState } from '../login/LoginState';
import type { Extension } from '../login/extension';
import type { ExtensionBegins, Way } from '../login/rememberedWays';
import { ClusterAuthStandIn } from './ClusterAuthStandIn';
import { HeldClock, settled } from './HeldClock';

export const HELPER = 'http://localhost:8888';
export const noExtension: Extension = {
  answers: async () => false,
  start: async () => undefined,
};

export function remembering(helperUrl?: string, lastWay?: Way) {
  let proven = helperUrl;
  let last = lastWay;
  let begins: ExtensionBegins = 'at-once';
  return {
    extensionBegins: () => begins,
    setExtensionBegins: (chosen: ExtensionBegins) => {
      begins = chosen;
    },
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

export function begin(
  extension = noExtension,
  ways = remembering(),
  begunBy?: LoginFlowOptions['begunBy'],
) {
  const clusterAuthApi = new ClusterAuthStandIn();
  const clock = new HeldClock();
  const handedOver: string[] = [];
  const flow = new LoginFlow({
    clusterAuthApi,
    clock,
    extension,
    begunBy,
    handOverToHelper: (url, token) => handedOver.push(`${url} ${token}`),
    ways,
  });
  return { clusterAuthApi, clock, handedOver, flow };
}

export async function open(...asked: Parameters<typeof begin>) {
  const login = begin(...asked);
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
