import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';

import { StartedCluster } from '../cluster/started-cluster.mjs';
import { freePort } from '../idp/loopback.mjs';
import { startProcess } from '../idp/started-process.mjs';
import { inRepository } from '../setup/repository.mjs';
import { startBackstageApp } from './backstage-app.mjs';
import { startProgram, startRole } from './logged-program.mjs';
import { Part } from './part.mjs';
import { SharedCluster } from './shared-cluster.mjs';

/** The client as which Backstage signs its users in. */
const SIGN_IN_CLIENT = { id: 'backstage', secret: 'a secret for development' };

/**
 * What stands before the identity provider, and is all that others know of it.
 *
 * @typedef {object} Front
 * @property {string} issuer with the slash at its end
 * @property {(port: number) => void} forwardTo it listens there
 */

/**
 * Everything around a person who uses Backstage: the identity provider, three clusters, Redis, the backend, Backstage itself,
 * and the helper on their machine.
 */
export class Environment {
  /** @type {{stop(): Promise<unknown>}[]} */
  #started = [];
  #logs;
  #front;
  #sealingKey = `key:${randomBytes(32).toString('base64')}`;

  /**
   * @param {string} logs a folder in the checkout
   * @param {{backstage: number, backend: number, redis: number}} ports
   * @param {Front} [front]
   */
  constructor(logs, ports, front) {
    this.#logs = logs;
    this.#front = front;
    /** Where Backstage is. */
    this.url = `http://localhost:${ports.backstage}`;
    this.backendUrl = `http://127.0.0.1:${ports.backend}`;
    /** Every secret that the identity provider gave out, a line of JSON each: see dev/idp/ledger.mjs. */
    this.ledger = inRepository(logs, 'ledger.jsonl');
    /** The identity provider that the clusters trust; its control API makes it refuse. */
    this.idp = this.#part(() => this.#startIdp());
    /** `development`, which knows its users by their own login. */
    this.cluster = this.#part(() => StartedCluster.start(this.issuer));
    /** `shared`, with a service account. */
    this.sharedCluster = this.#part(() => SharedCluster.start());
    /** `sign-in`, which knows its users by their sign-in to Backstage. */
    this.signInCluster = this.#part(() => StartedCluster.start(this.issuer, SIGN_IN_CLIENT.id));
    this.redis = this.#part(() => startRedis(logs, ports.redis));
    /** The Rust backend. */
    this.backend = this.#part(() => this.#startBackend(ports));
    /** Settings of the backend's that its next start has on top. @type {Record<string, string>} */
    this.backendSettings = {};
    /** Configuration of Backstage's that its next start has on top: `APP_CONFIG_…`. @type {Record<string, string>} */
    this.backstageSettings = {};
    this.backstage = this.#part(() => startBackstageApp({ logs, variables: this.#backstageVariables(ports.backstage) }));
    /** The helper in its proxy role. */
    this.helper = this.#part(() => this.#startHelper());
  }

  /**
   * Starts everything, the helper included.
   *
   * @param {string} logs a folder in the checkout, emptied first
   * @param {Front} [front]
   */
  static async start(logs, front) {
    await rm(inRepository(logs), { recursive: true, force: true });
    await mkdir(inRepository(logs), { recursive: true });
    const ports = { backstage: await freePort(), backend: await freePort(), redis: await freePort() };
    const environment = new Environment(logs, ports, front);
    try {
      await environment.#startAll();
    } catch (error) {
      await environment.stop();
      throw error;
    }
    return environment;
  }

  /** The identity provider's issuer, with the slash at its end. */
  get issuer() {
    return this.idp.running.announcement.issuer;
  }

  async stop() {
    for (const part of this.#started.splice(0).reverse()) {
      await part.stop();
    }
  }

  async #startAll() {
    await this.idp.start();
    await Promise.all([this.cluster, this.sharedCluster, this.signInCluster, this.redis].map((part) => part.start()));
    await Promise.all([this.backend.start(), this.backstage.start()]);
    await this.helper.start();
  }

  /**
   * @template {{stop(): Promise<unknown>}} T
   * @param {() => Promise<T>} launch
   */
  #part(launch) {
    const part = new Part(launch);
    this.#started.push(part);
    return part;
  }

  async #startIdp() {
    const idp = await startProcess('idp.mjs', this.#idpOptions());
    this.#front?.forwardTo(idp.announcement.port);
    return idp;
  }

  #idpOptions() {
    return [
      ...(this.#front ? ['--issuer', this.#front.issuer] : []),
      '--ledger', this.ledger,
      '--extra-client-id', SIGN_IN_CLIENT.id, '--extra-client-secret', SIGN_IN_CLIENT.secret,
      '--extra-redirect', `${this.url}/api/auth/oidc/handler/frame`,
    ];
  }

  /** @param {{backend: number, redis: number}} ports */
  async #startBackend(ports) {
    const cluster = this.cluster.running;
    const variables = {
      BACKSTAGE_URL: this.url,
      BACKSTAGE_APP_URL: this.url,
      // Nothing is at this address: neither the page nor the helper may rely on what the backend calls Backstage's address.
      BACKSTAGE_PUBLIC_URL: 'https://elsewhere.example.com',
      LISTEN: `127.0.0.1:${ports.backend}`,
      CONTROL_LISTEN: '127.0.0.1:0',
      DRAIN_DELAY: '0s',
      REDIS_URL: `redis://127.0.0.1:${ports.redis}/`,
      TOKEN_ENCRYPTION_KEYS: this.#sealingKey,
      CLUSTER_NAME: 'development',
      CLUSTER_TITLE: 'Development',
      OIDC_ISSUER_URL: this.issuer,
      OIDC_CLIENT_ID: this.idp.running.announcement.clientId,
      OIDC_ORGANIZATION_ID: 'org_dev',
      OIDC_EXTRA_PARAMS: 'prompt=consent',
      KUBERNETES_API_URL: cluster.url,
      KUBERNETES_CA_FILE: cluster.caFile,
      REGISTRATIONS_PER_MINUTE: '1000',
      ...this.backendSettings,
    };
    const backend = startRole('backend', { logs: this.#logs, variables });
    await backend.line(/"message":"listening"/);
    return backend;
  }

  async #startHelper() {
    const helper = startRole('proxy', { logs: this.#logs, variables: { BACKSTAGE_URL: this.url } });
    await helper.line(/"message":"listening"/);
    return helper;
  }

  /**
   * @param {number} port
   * @returns {Record<string, string>} what app-config.yaml asks for
   */
  #backstageVariables(port) {
    const [cluster, shared, signIn] = [this.cluster.running, this.sharedCluster.running, this.signInCluster.running];
    return {
      BACKSTAGE_URL: this.url,
      BACKSTAGE_PORT: String(port),
      BACKSTAGE_SESSION_SECRET: randomBytes(32).toString('hex'),
      IDP_METADATA_URL: new URL('.well-known/openid-configuration', this.issuer).href,
      IDP_CLIENT_ID: SIGN_IN_CLIENT.id,
      IDP_CLIENT_SECRET: SIGN_IN_CLIENT.secret,
      CLUSTER_URL: cluster.url,
      CLUSTER_CA_FILE: cluster.caFile,
      SHARED_CLUSTER_URL: shared.url,
      SHARED_CLUSTER_CA_FILE: shared.caFile,
      SHARED_CLUSTER_TOKEN: shared.token,
      SIGN_IN_CLUSTER_URL: signIn.url,
      SIGN_IN_CLUSTER_CA_FILE: signIn.caFile,
      CLUSTER_AUTH_BACKEND_URL: this.backendUrl,
      ...this.backstageSettings,
    };
  }
}

/**
 * @param {string} logs
 * @param {number} port
 */
async function startRedis(logs, port) {
  const line = ['redis-server', '--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const redis = startProgram('redis', line, { logs });
  await redis.line(/Ready to accept connections/);
  return redis;
}
