import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';

import { issueCertificates } from '../cluster/certificates.mjs';
import { StartedCluster } from '../cluster/started-cluster.mjs';
import { startProgram, startRole } from '../environment/logged-program.mjs';
import { freePort } from '../idp/loopback.mjs';
import { logIn, redeem } from '../idp/scripted-login.mjs';
import { startProcess } from '../idp/started-process.mjs';
import { goProgram } from '../setup/go-programs.mjs';
import { inRepository } from '../setup/repository.mjs';
import { HttpsFront } from './https-front.mjs';
import { Ingress } from './ingress.mjs';
import { LOGS } from './logs.mjs';
import { Person } from './person.mjs';
import { RealCluster } from './real-cluster.mjs';

/** As Backstage is known at the identity provider. */
const SIGN_IN_CLIENT = { id: 'backstage', secret: 'a secret for tests' };

const CLUSTER = 'development';

/** Felix may do everything in team-a, where Mara only reads; in team-b she may do everything. */
export const PEOPLE = /** @type {const} */ (['felix', 'mara']);

/** @typedef {{felix: Person, mara: Person}} People */

/**
 * A way to the API server.
 *
 * @typedef {object} Route
 * @property {string} name
 * @property {People} people
 * @property {boolean} http2 whether it is offered
 * @property {import('../demo/program.mjs').Program} [backend] on the way
 */

/**
 * @typedef {object} Options
 * @property {string} [issuerCertificates] the folder of the certificates of an issuer under https: a real API server is started with it
 * @property {string[]} [idp] more arguments of the identity provider
 * @property {string[]} [backstage] more arguments of Backstage
 */

/** The identity provider, a cluster with a node, Backstage, backends, and the machines of two people. */
export class Stage {
  /** @type {{stop(): Promise<unknown>}[]} */
  #started = [];
  /** Of both people; not among the logs, which are kept: it has their tokens. */
  #homes = '';
  issuer = '';
  /** @type {StartedCluster | RealCluster | undefined} */
  #cluster;
  #options;
  #backstageUrl = '';
  /** @type {import('../demo/program.mjs').Program | undefined} */
  #backstage;

  /** @param {Options} [options] */
  constructor(options = {}) {
    this.#options = options;
  }

  async start() {
    await rm(inRepository(LOGS), { recursive: true, force: true });
    await mkdir(inRepository(LOGS), { recursive: true });
    this.#homes = await mkdtemp(join(tmpdir(), 'kubectl-'));
    const port = await freePort();
    this.#backstageUrl = `http://localhost:${port}`;
    const { issuerCertificates, idp: idpOptions = [] } = this.#options;
    const front = issuerCertificates === undefined ? undefined : this.#add(await httpsFront(issuerCertificates));
    const idp = this.#add(await startProcess('idp.mjs', [
      ...(front ? ['--issuer', front.url] : []),
      '--ledger', inRepository(LOGS, 'ledger.jsonl'),
      '--extra-client-id', SIGN_IN_CLIENT.id, '--extra-client-secret', SIGN_IN_CLIENT.secret,
      '--extra-redirect', `${this.#backstageUrl}/api/auth/oidc/handler/frame`,
      ...idpOptions,
    ]));
    this.issuer = idp.announcement.issuer;
    front?.forwardTo(() => idp.announcement.port);
    // All of them, so that none is still starting when stop() is called.
    const started = await Promise.allSettled([this.#startCluster(), this.#startBackstage(port)]);
    for (const part of started) {
      if (part.status === 'rejected') {
        throw part.reason;
      }
    }
  }

  /** The cluster; it says what is still open there. */
  get cluster() {
    if (!this.#cluster) {
      throw new Error('The stage does not stand; start it first.');
    }
    return this.#cluster;
  }

  /** Backstage, which writes down what it was asked for. */
  get backstage() {
    if (!this.#backstage) {
      throw new Error('The stage does not stand; start it first.');
    }
    return this.#backstage;
  }

  /** Straight to the API server, with ID tokens: what fails here is not the backend's doing. @returns {Promise<Route>} */
  async direct() {
    const tokens = await Promise.all(PEOPLE.map(async (login) => (await redeem(this.issuer, await logIn(this.issuer, { login }))).body.id_token));
    const [felix, mara] = await Promise.all(PEOPLE.map((login, at) => Person.withToken(login, join(this.#homes, `direct-${login}`), {
      server: this.cluster.url, caFile: this.cluster.caFile, token: tokens[at],
    })));
    return { name: 'direct', people: /** @type {People} */ ({ felix, mara }), http2: true };
  }

  /** Through a backend without TLS, behind what ends it. @returns {Promise<Route>} */
  async ingress() {
    const { cert, key, caFile } = await this.#certificates('ingress');
    const { backend, address } = await this.#startBackend('ingress', {});
    const ingress = this.#add(await Ingress.start({ cert, key }, Number(new URL(`http://${address}`).port)));
    return { name: 'ingress', people: await this.#people('ingress', ingress.url, caFile), http2: false, backend };
  }

  /** Through a backend that has TLS itself, and HTTP/2. @returns {Promise<Route>} */
  async portal() {
    const { certFile, keyFile, caFile } = await this.#certificates('portal');
    const { backend, address } = await this.#startBackend('portal', { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile });
    await assertHttp2(address, caFile);
    return { name: 'portal', people: await this.#people('portal', `https://${address}`, caFile), http2: true, backend };
  }

  /**
   * Felix, who signs in to Backstage with a browser, at the one https address that Backstage and the backend have.
   *
   * @param {Record<string, string>} variables
   * @returns {Promise<{felix: Person, backend: import('../demo/program.mjs').Program}>}
   */
  async signedIn(variables) {
    const { cert, key, caFile } = await this.#certificates('signed-in');
    const { backend, address } = await this.#startBackend('signed-in', {});
    const front = this.#add(await HttpsFront.start({ cert, key }));
    const [ofBackend, ofBackstage] = [`http://${address}`, this.#backstageUrl].map((url) => Number(new URL(url).port));
    front.forwardTo((path) => (path.startsWith('/api/cluster-auth/') ? ofBackend : ofBackstage) ?? 0);
    // The browser is a Node program.
    const felix = await Person.ofPortal('felix', join(this.#homes, 'signed-in'), { backend: front.url, caFile, cluster: CLUSTER }, {
      NODE_EXTRA_CA_CERTS: caFile, ...variables,
    });
    return { felix, backend };
  }

  async stop() {
    for (const part of this.#started.splice(0).reverse()) {
      await part.stop();
    }
    await rm(this.#homes, { recursive: true, force: true });
  }

  /**
   * @param {string} route
   * @returns {Promise<{cert: string, key: string, certFile: string, keyFile: string, caFile: string}>} of a server on loopback
   */
  async #certificates(route) {
    const { authority, certificate: cert, key } = await issueCertificates(new Date());
    const [caFile, certFile, keyFile] = ['ca.pem', 'tls.crt', 'tls.key'].map((name) => join(this.#homes, `${route}-${name}`));
    if (!caFile || !certFile || !keyFile) {
      throw new Error('three names give three files');
    }
    await Promise.all([writeFile(caFile, authority), writeFile(certFile, cert), writeFile(keyFile, key, { mode: 0o600 })]);
    return { cert, key, certFile, keyFile, caFile };
  }

  /**
   * Both with a login and a context of a backend.
   *
   * @param {string} route
   * @param {string} backend an https address
   * @param {string} caFile
   * @returns {Promise<People>}
   */
  async #people(route, backend, caFile) {
    const person = async (/** @type {string} */ login) => {
      const userToken = await this.#signIn(login);
      return Person.ofPortal(login, join(this.#homes, `${route}-${login}`), { backend, caFile, cluster: CLUSTER }, { BACKSTAGE_TOKEN: userToken });
    };
    // One after the other: there is one port for the callback.
    const felix = await person('felix');
    return { felix, mara: await person('mara') };
  }

  /** @param {string} login @returns {Promise<string>} the token of a user of Backstage */
  async #signIn(login) {
    // Its packages are those of dev/backstage, which types for dev/ do not know.
    const { signIn } = await import(inRepository('dev/backstage/sign-in-flow.mjs'));
    return (await signIn({ backstage: this.#backstageUrl, login, password: 'dev' })).userToken;
  }

  /**
   * @param {string} name
   * @param {Record<string, string>} settings
   * @returns {Promise<{backend: import('../demo/program.mjs').Program, address: string}>}
   */
  async #startBackend(name, settings) {
    const backend = this.#add(startRole('backend', {
      logs: join(LOGS, name),
      variables: {
        BACKSTAGE_URL: this.#backstageUrl,
        BACKSTAGE_APP_URL: this.#backstageUrl,
        LISTEN: '127.0.0.1:0',
        CONTROL_LISTEN: '127.0.0.1:0',
        DRAIN_DELAY: '0s',
        CLUSTER_NAME: CLUSTER,
        OIDC_ISSUER_URL: this.issuer,
        OIDC_CLIENT_ID: 'kubernetes',
        OIDC_ORGANIZATION_ID: 'org_dev',
        OIDC_EXTRA_PARAMS: 'prompt=consent',
        KUBERNETES_API_URL: this.cluster.url,
        KUBERNETES_CA_FILE: this.cluster.caFile,
        USER_TOKENS: 'full',
        AUDIT_LOG: 'stderr',
        ...(this.#options.issuerCertificates && { SSL_CERT_FILE: join(this.#options.issuerCertificates, 'ca.crt') }),
        ...settings,
      },
    }));
    return { backend, address: JSON.parse(await backend.line(/"message":"listening"/)).address };
  }

  async #startCluster() {
    const certificates = this.#options.issuerCertificates;
    this.#cluster = this.#add(await (certificates === undefined || process.env['API_SERVER'] === 'stand-in'
      ? StartedCluster.start(this.issuer, 'kubernetes', ['--node', goProgram('node'), '--http2'])
      : RealCluster.start({ url: this.issuer, caFile: join(certificates, 'ca.crt') })));
  }

  /** @param {number} port */
  async #startBackstage(port) {
    const script = inRepository('dev/backstage/backstage.mjs');
    const backstage = this.#add(startProgram('backstage', [
      process.execPath, script, '--port', String(port), '--idp-issuer', this.issuer, '--client-id', SIGN_IN_CLIENT.id,
      '--client-secret', SIGN_IN_CLIENT.secret, '--keys-dir', inRepository(LOGS, 'keys'), '--cluster-auth-url', 'http://127.0.0.1:9', ...(this.#options.backstage ?? []),
    ], { logs: LOGS, folder: inRepository('dev/backstage') }));
    await backstage.line(/"role":"backstage"/);
    this.#backstage = backstage;
  }

  /**
   * @template {{stop(): Promise<unknown>}} T
   * @param {T} part
   */
  #add(part) {
    this.#started.push(part);
    return part;
  }
}

/** @param {string} folder */
async function httpsFront(folder) {
  const [cert, key] = await Promise.all(['server.crt', 'server.key'].map((name) => readFile(join(folder, name), 'utf8')));
  return HttpsFront.start({ cert: cert ?? '', key: key ?? '' });
}

/**
 * @param {string} address
 * @param {string} caFile
 */
async function assertHttp2(address, caFile) {
  const { hostname: host, port } = new URL(`https://${address}`);
  const socket = connect({ host, port: Number(port), ca: await readFile(caFile), ALPNProtocols: ['h2', 'http/1.1'] });
  try {
    await once(socket, 'secureConnect');
    assert.equal(socket.alpnProtocol, 'h2');
  } finally {
    socket.destroy();
  }
}
