import type { OAuthRequestApi } from '@backstage/frontend-plugin-api';
import VpnKeyIcon from '@material-ui/icons/VpnKey';

import type { LoginApi } from '../login/LoginApi';
import type { ClusterStatusApi } from '../status/ClusterStatusApi';

/** Asks for a login in Backstage's own prompt "Login required". */
export class LoginPrompt {
  private readonly prompt: () => Promise<void>;
  /** The tab asks every few seconds. After a rejection, the user is not asked again until there was a login. */
  private asked = false;

  constructor(
    private readonly options: {
      clusterStatusApi: ClusterStatusApi;
      oauthRequestApi: OAuthRequestApi;
      loginApi: LoginApi;
    },
  ) {
    const requester = options.oauthRequestApi.createAuthRequester<void>({
      provider: {
        id: 'clusterauth',
        title: 'Kubernetes',
        icon: VpnKeyIcon,
        message: 'Log in to see your resources in Kubernetes.',
      },
      onAuthRequest: async () => options.loginApi.open({}),
    });
    this.prompt = () => requester(new Set());
  }

  /** Prompts if a cluster lacks a login. Resolves when that is known, not when the user has answered. Never throws. */
  async askWhereNotConnected(): Promise<void> {
    const { status, problem } = await this.options.clusterStatusApi.refresh();
    if (!status || problem) {
      return;
    }
    if (status.clusters.every(({ connected }) => connected)) {
      this.asked = false;
      return;
    }
    if (this.asked || this.options.loginApi.request.get()) {
      return;
    }
    this.asked = true;
    // Rejected means "not now".
    this.prompt().catch(() => {});
  }
}
