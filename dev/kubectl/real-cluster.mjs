import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

import { issueCertificates } from '../cluster/certificates.mjs';
import { CLIENT_ID } from '../cluster/token-issuer.mjs';
import { startProgram } from '../environment/logged-program.mjs';
import { freePort } from '../idp/loopback.mjs';
import { goProgram } from '../setup/go-programs.mjs';
import { LOGS } from './logs.mjs';
import { Person } from './person.mjs';
import { objectsOf } from './real-objects.mjs';

/** An API server has a minute to become ready, on a busy machine more. */
const PATIENCE_MS = 240_000;

/** etcd and kube-apiserver, with the stand-in node for its kubelet. There is no scheduler and no controller. */
export class RealCluster {
  /** @type {{stop(): Promise<unknown>}[]} */
  #started = [];
  #folder;
  url = '';
  caFile = '';
  #adminToken = randomBytes(16).toString('hex');
  /** May do everything, once it has started. @type {Person | undefined} */
  admin;

  /** @param {string} folder */
  constructor(folder) {
    this.#folder = folder;
  }

  /** @param {{url: string, caFile: string}} issuer under https */
  static async start(issuer) {
    const cluster = new RealCluster(await mkdtemp(join(tmpdir(), 'apiserver-')));
    try {
      const etcd = await cluster.#startEtcd();
      const kubelet = await cluster.#startNode();
      await cluster.#startApiServer(etcd, issuer);
      await cluster.#fill(kubelet);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  async stop() {
    for (const part of this.#started.splice(0).reverse()) {
      await part.stop();
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #startEtcd() {
    const [client, peer] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
    const etcd = startProgram('etcd', [
      goProgram('etcd'), '--data-dir', join(this.#folder, 'etcd'), '--listen-client-urls', client, '--advertise-client-urls', client,
      '--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`, '--unsafe-no-fsync',
    ], { logs: LOGS });
    this.#started.push(etcd);
    await etcd.line(/ready to serve client requests/);
    return client;
  }

  /** @returns {Promise<number>} the port of its kubelet */
  async #startNode() {
    const folder = join(this.#folder, 'node');
    await mkdir(folder);
    const child = spawn(goProgram('node'), ['--folder', folder], { stdio: ['pipe', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    this.#started.push({
      stop: () => {
        child.stdin.end();
        return exited;
      },
    });
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    return JSON.parse(line).port;
  }

  /**
   * @param {string} etcd
   * @param {{url: string, caFile: string}} issuer
   */
  async #startApiServer(etcd, issuer) {
    const file = (/** @type {string} */ name) => join(this.#folder, name);
    const { authority, certificate, key } = await issueCertificates(new Date());
    const accounts = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const files = {
      'ca.crt': authority,
      'server.crt': certificate,
      'server.key': key,
      'accounts.pub': accounts.publicKey.export({ type: 'spki', format: 'pem' }),
      'accounts.key': accounts.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      'tokens.csv': `${this.#adminToken},admin,admin,system:masters\n`,
      'authentication.json': JSON.stringify(authentication(issuer.url, await readFile(issuer.caFile, 'utf8'))),
    };
    await Promise.all(Object.entries(files).map(([name, content]) => writeFile(file(name), content, { mode: 0o600 })));
    const port = await freePort();
    this.url = `https://127.0.0.1:${port}`;
    this.caFile = file('ca.crt');
    this.#started.push(startProgram('kube-apiserver', [
      goProgram('kube-apiserver'), `--etcd-servers=${etcd}`, '--bind-address=127.0.0.1', `--secure-port=${port}`,
      `--tls-cert-file=${file('server.crt')}`, `--tls-private-key-file=${file('server.key')}`, `--cert-dir=${this.#folder}`,
      '--service-account-issuer=https://kubernetes.default.svc', `--service-account-key-file=${file('accounts.pub')}`,
      `--service-account-signing-key-file=${file('accounts.key')}`, '--service-cluster-ip-range=10.0.0.0/24',
      `--token-auth-file=${file('tokens.csv')}`, `--authentication-config=${file('authentication.json')}`, '--authorization-mode=RBAC',
      // It waits for accounts that a controller would make, and for a route to where others would reach it.
      '--disable-admission-plugins=ServiceAccount', '--advertise-address=127.0.0.1', '--endpoint-reconciler-type=none',
      '--kubelet-preferred-address-types=InternalIP',
      `--kubelet-client-certificate=${join(this.#folder, 'node/client.crt')}`, `--kubelet-client-key=${join(this.#folder, 'node/client.key')}`,
    ], { logs: LOGS }));
    await this.#ready();
  }

  /** It answers some checks later than it listens, the roles of RBAC among them. */
  async #ready() {
    const deadline = Date.now() + PATIENCE_MS;
    while ((await this.#status('/readyz')) !== 200) {
      if (Date.now() > deadline) {
        throw new Error(`kube-apiserver is not ready: see ${LOGS}/kube-apiserver.dev.log`);
      }
      await delay(500);
    }
  }

  /** @param {string} path @returns {Promise<number>} 0 while nothing answers */
  async #status(path) {
    const ca = await readFile(this.caFile);
    return new Promise((resolve) => {
      const asked = request(this.url, { path, ca, headers: { authorization: `Bearer ${this.#adminToken}` } });
      asked.once('response', (answer) => resolve(answer.resume().statusCode ?? 0)).once('error', () => resolve(0)).end();
    });
  }

  /** @param {number} kubelet its port */
  async #fill(kubelet) {
    const admin = await Person.withToken('admin', join(this.#folder, 'admin'), { server: this.url, caFile: this.caFile, token: this.#adminToken });
    this.admin = admin;
    const { objects, statuses } = objectsOf(kubelet);
    const file = join(admin.home, 'objects.json');
    await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    await admin.kubectl('create', '-f', file);
    for (const { namespace, name, status } of statuses) {
      await admin.kubectl('patch', 'pod', name, '-n', namespace, '--subresource', 'status', '--type', 'merge', '-p', JSON.stringify({ status }));
    }
  }
}

/**
 * @param {string} url
 * @param {string} certificateAuthority
 */
function authentication(url, certificateAuthority) {
  return {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [{
      issuer: { url, audiences: [CLIENT_ID], certificateAuthority },
      claimMappings: { username: { claim: 'email', prefix: '' }, groups: { claim: 'group', prefix: '' } },
    }],
  };
}
