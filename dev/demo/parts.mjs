import { StartedCluster } from '../cluster/started-cluster.mjs';
import { startProcess } from '../idp/started-process.mjs';
import { CLUSTER, Portal } from '../portal/portal.mjs';
import { Program } from './program.mjs';

/** What the demo starts, and stops in the opposite order. */
export class Parts {
  /** @type {{stop(): Promise<unknown>}[]} */
  #started = [];

  /**
   * Starts the identity provider, the cluster, the portal, and the backend.
   *
   * @param {() => Promise<Portal>} [openPortal]
   * @returns {Promise<string>} the backend's address
   */
  async start(openPortal = () => Portal.start()) {
    const idp = this.add(await startProcess('idp.mjs'));
    const { issuer, clientId } = idp.announcement;
    const cluster = this.add(await StartedCluster.start(issuer));
    const portal = this.add(await openPortal());
    const backend = this.add(new Program('backend', ['backend'], {
      ...backendVariables(issuer, clientId),
      BACKSTAGE_APP_URL: portal.url,
      KUBERNETES_API_URL: cluster.url,
      KUBERNETES_CA_FILE: cluster.caFile,
    }));
    const { address } = JSON.parse(await backend.line(/"message":"listening"/));
    const url = `http://${address}`;
    portal.backend = url;
    return url;
  }

  /**
   * @template {{stop(): Promise<unknown>}} T
   * @param {T} part stopped with the others
   * @returns {T}
   */
  add(part) {
    this.#started.push(part);
    return part;
  }

  async stop() {
    for (const part of this.#started.splice(0).reverse()) {
      await part.stop();
    }
  }
}

/**
 * A backend to which every caller is felix; otherwise Backstage's sign-in would tell it the user.
 *
 * @param {string} issuer
 * @param {string} clientId
 */
function backendVariables(issuer, clientId) {
  return {
    LISTEN: '127.0.0.1:0',
    CONTROL_LISTEN: '127.0.0.1:0',
    DRAIN_DELAY: '0s',
    LOG_FORMAT: 'json',
    CLUSTER_AUTH_DEV_USER: 'user:default/felix',
    CLUSTER_NAME: CLUSTER,
    CLUSTER_TITLE: 'Demo',
    OIDC_ISSUER_URL: issuer,
    OIDC_CLIENT_ID: clientId,
    OIDC_ORGANIZATION_ID: 'org_dev',
    OIDC_EXTRA_PARAMS: 'prompt=consent',
    IDENTITY_RULE: 'email',
    IDENTITY_EMAIL_DOMAINS: 'example.com',
    USER_TOKENS: 'read',
  };
}
