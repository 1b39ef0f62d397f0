import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { issueCertificates } from '../cluster/certificates.mjs';
import { StartedCluster } from '../cluster/started-cluster.mjs';
import { startProgram, startRole } from '../environment/logged-program.mjs';
import { freePort } from '../idp/loopback.mjs';
import { CookieJarClient, logIn, redeem } from '../idp/scripted-login.mjs';
import { startProcess } from '../idp/started-process.mjs';
import { goProgram } from '../setup/go-programs.mjs';
import { inRepository } from '../setup/repository.mjs';
import { Ingress } from './ingress.mjs';
import { LOGS } from './logs.mjs';
import { Person } from './person.mjs';

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
 * @property {boolean} streams whether upgrades pass
 */

/** The identity provider, a cluster with a node, Backstage, backends, and the machines of two people. */
export class Stage {
  /** @type {{stop(): Promise<unknown>}[]} */
  #started = [];
  /** Of both people; not among the logs, which are kept: it has their tokens. */
  #homes = '';
  issuer = '';
  /** @type {StartedCluster | undefined} */
  #cluster;
  /** @type {Record<string, string>} */
  #userTokens = {};
  #backstageUrl = '';

  async start() {
    await rm(inRepository(LOGS), { recursive: true, force: true });
    await mkdir(inRepository(LOGS), { recursive: true });
    this.#homes = await mkdtemp(join(tmpdir(), 'kubectl-'));
    const port = await freePort();
    this.#backstageUrl = `http://localhost:${port}`;
    const idp = this.#add(await startProcess('idp.mjs', [
      '--ledger', inRepository(LOGS, 'ledger.jsonl'),
      '--extra-client-id', SIGN_IN_CLIENT.id, '--extra-client-secret', SIGN_IN_CLIENT.secret,
      '--extra-redirect', `${this.#backstageUrl}/api/auth/oidc/handler/frame`,
    ]));
    this.issuer = idp.announcement.issuer;
    const node = ['--node', goProgram('node'), '--http2'];
    const [cluster] = await Promise.all([StartedCluster.start(this.issuer, idp.announcement.clientId, node).then((one) => this.#add(one)), this.#startBackstage(port)]);
    this.#cluster = cluster;
    for (const login of PEOPLE) {
      this.#userTokens[login] = await this.#signIn(login);
    }
  }

  /** The cluster; it says what is still open there. */
  get cluster() {
    if (!this.#cluster) {
      throw new Error('The stage does not stand; start it first.');
    }
    return this.#cluster;
  }

  /** Straight to the API server, with ID tokens: what fails here is not the backend's doing. @returns {Promise<Route>} */
  async direct() {
    const tokens = await Promise.all(PEOPLE.map(async (login) => (await redeem(this.issuer, await logIn(this.issuer, { login }))).body.id_token));
    const [felix, mara] = await Promise.all(PEOPLE.map((login, at) => Person.make(login, join(this.#homes, `direct-${login}`), {
      server: this.cluster.url, caFile: this.cluster.caFile, token: tokens[at],
    })));
    return { name: 'direct', people: /** @type {People} */ ({ felix, mara }), streams: true };
  }

  /** Through a backend without TLS, behind what ends it. @returns {Promise<Route>} */
  async ingress() {
    const { authority, certificate, key } = await issueCertificates(new Date());
    const caFile = inRepository(LOGS, 'ingress-ca.pem');
    await writeFile(caFile, authority);
    const address = await this.#startBackend('ingress', {});
    const ingress = this.#add(await Ingress.start({ cert: certificate, key }, Number(new URL(`http://${address}`).port)));
    return { name: 'ingress', people: await this.#people('ingress', { backend: `http://${address}`, server: ingress.url, caFile }), streams: true };
  }

  async stop() {
    for (const part of this.#started.splice(0).reverse()) {
      await part.stop();
    }
    await rm(this.#homes, { recursive: true, force: true });
  }

  /**
   * Logs both in to the cluster at a backend.
   *
   * @param {string} route
   * @param {{backend: string, server: string, caFile: string}} where
   * @returns {Promise<People>}
   */
  async #people(route, { backend, server, caFile }) {
    const [felix, mara] = await Promise.all(PEOPLE.map(async (login) => {
      const token = this.#userTokens[login] ?? '';
      await logInToCluster(backend, token, login);
      return Person.make(login, join(this.#homes, `${route}-${login}`), { server: `${server}/api/cluster-auth/clusters/${CLUSTER}/proxy`, caFile, token });
    }));
    return /** @type {People} */ ({ felix, mara });
  }

  /**
   * @param {string} name
   * @param {Record<string, string>} settings
   * @returns {Promise<string>} its address
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
        ...settings,
      },
    }));
    return JSON.parse(await backend.line(/"message":"listening"/)).address;
  }

  /** @param {number} port */
  async #startBackstage(port) {
    const script = inRepository('dev/backstage/backstage.mjs');
    const backstage = this.#add(startProgram('backstage', [
      process.execPath, script, '--port', String(port), '--idp-issuer', this.issuer, '--client-id', SIGN_IN_CLIENT.id,
      '--client-secret', SIGN_IN_CLIENT.secret, '--keys-dir', inRepository(LOGS, 'keys'), '--cluster-auth-url', 'http://127.0.0.1:9',
    ], { logs: LOGS, folder: inRepository('dev/backstage') }));
    await backstage.line(/"role":"backstage"/);
  }

  /** @param {string} login */
  async #signIn(login) {
    // Its packages are those of dev/backstage, which types for dev/ do not know.
    const { signIn } = await import(inRepository('dev/backstage/sign-in-flow.mjs'));
    return (await signIn({ backstage: this.#backstageUrl, login, password: 'dev' })).userToken;
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

/**
 * A login as the helper does it, without the helper.
 *
 * @param {string} backend
 * @param {string} userToken
 * @param {string} login
 */
async function logInToCluster(backend, userToken, login) {
  const { sessionToken, authUrl } = await post(`${backend}/api/cluster-auth/register`, userToken, { cluster: CLUSTER });
  const browser = new CookieJarClient();
  const page = await browser.navigate(authUrl);
  const { url } = await browser.navigate(page.url, new URLSearchParams({ login, password: 'dev', action: 'login' }));
  const { success } = await post(`${backend}/api/cluster-auth/exchange`, sessionToken, Object.fromEntries(url.searchParams));
  if (success !== true) {
    throw new Error(`The login of ${login} did not succeed.`);
  }
}

/**
 * @param {string} url
 * @param {string} bearer
 * @param {object} body
 */
async function post(url, bearer, body) {
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) {
    throw new Error(`${new URL(url).pathname} answered ${answer.status}: ${text}`);
  }
  return Object(JSON.parse(text));
}
