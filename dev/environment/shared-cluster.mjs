import { StartedCluster } from '../cluster/started-cluster.mjs';
import { TokenIssuer } from '../cluster/token-issuer.mjs';

/** Longer than the environment runs. */
const LIFETIME_S = 30 * 24 * 60 * 60;

/** A cluster with a service account that may read both namespaces. */
export class SharedCluster {
  #issuer;
  #cluster;

  /**
   * @param {TokenIssuer} issuer
   * @param {StartedCluster} cluster
   * @param {string} token the service account's
   */
  constructor(issuer, cluster, token) {
    this.#issuer = issuer;
    this.#cluster = cluster;
    this.url = cluster.url;
    this.caFile = cluster.caFile;
    this.token = token;
  }

  static async start() {
    const issuer = await TokenIssuer.start();
    const cluster = await StartedCluster.start(issuer.issuer);
    const token = await issuer.token({
      sub: 'system:serviceaccount:default:backstage',
      email: 'backstage@example.com',
      group: ['team-a', 'team-b'],
      exp: Math.floor(Date.now() / 1000) + LIFETIME_S,
    });
    return new SharedCluster(issuer, cluster, token);
  }

  async stop() {
    await this.#cluster.stop();
    this.#issuer.stop();
  }
}
