import type { OAuthRequestApi } from '@backstage/frontend-plugin-api';
import VpnKeyIcon from '@material-ui/icons/VpnKey';

import type { LoginApi } from '../login/LoginApi';
import type { ClusterStatusApi } from '../status/ClusterStatusApi';

/** Asks for a login in Backstage's own prompt "Login required". */
export class LoginPrompt {
  private readonly prompt: (clusters: Set<string>) => Promise<void>;
  /** The tab asks every few seconds. After a rejection, the user is not asked for a cluster again until there was a login. */
  private readonly asked = new Set<string>();

  constructor(
    private readonly options: {
      clusterStatusApi: ClusterStatusApi;
      oauthRequestApi: OAuthRequestApi;
      loginApi: LoginApi;
    },
  ) {
    const { clusterStatusApi, loginApi, oauthRequestApi } = options;
    this.prompt = oauthRequestApi.createAuthRequester<void>({
      provider: {
        id: 'clusterauth',
        title: 'Kubernetes',
        icon: VpnKeyIcon,
        message: 'Log in to see your resources in Kubernetes.',
      },
      // The names of clusters take the place of scopes.
      onAuthRequest: async clusters =>
        loginApi.open({ clusters: [...clusters] }),
    });
    clusterStatusApi.known.subscribe(() =>
      clusterStatusApi.known
        .get()
        .status?.clusters.filter(({ connected }) => connected)
        .forEach(({ name }) => this.asked.delete(name)),
    );
  }

  /** Prompts for those of these clusters that really lack a login, and that the user was not asked for yet. */
  async askFor(clusters: string[]) {
    if (this.unasked(clusters).length === 0) {
      return;
    }
    // What Backstage's backend answered may be older than the login of a moment ago.
    const { status, problem } = await this.options.clusterStatusApi.refresh();
    const missing = this.unasked(clusters).filter(name =>
      status?.clusters.some(each => each.name === name && !each.connected),
    );
    if (problem || missing.length === 0) {
      return;
    }
    missing.forEach(name => this.asked.add(name));
    // Rejected means "not now".
    this.prompt(new Set(missing)).catch(() => {});
  }

  /** None while the dialog is open: it asks already. */
  private unasked(clusters: string[]): string[] {
    return this.options.loginApi.request.get()
      ? []
      : clusters.filter(name => !this.asked.has(name));
  }
}
