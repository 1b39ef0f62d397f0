import { mkdir, writeFile } from 'node:fs/promises';

import { PATIENCE_MS, Person } from '../../backstage/browser-tests/person.mjs';
import { launchChromium } from '../../dev/browser/chromium.mjs';
import { StartedCluster } from '../../dev/cluster/started-cluster.mjs';
import { startBackstageApp } from '../../dev/environment/backstage-app.mjs';
import { SharedCluster } from '../../dev/environment/shared-cluster.mjs';
import { PASSWORD } from '../../dev/idp/accounts.mjs';
import { freePort } from '../../dev/idp/loopback.mjs';
import { CookieJarClient } from '../../dev/idp/scripted-login.mjs';
import { startProcess } from '../../dev/idp/started-process.mjs';
import { inRepository } from '../../dev/setup/repository.mjs';
import { answerIn, redeem } from '../parties/login.mjs';
import { Parts } from '../parties/parts.mjs';
import { Ours } from '../peers/ours.mjs';
import { LOGS } from '../peers/program.mjs';
import { versions } from '../programs.mjs';
import { rowOf } from './row.mjs';

/** @typedef {{podsMs: number}} Tab */
/** @typedef {'clusterauth' | 'serviceAccount'} Provider */
/** @typedef {{url: string, caFile: string, token?: string}} Behind the cluster that all names lead to */

const COUNTS = [1, 5, 20];

/** One takes about half a second, and another a fifth more or less: more turns are taken than of what is loaded for seconds. */
const LOADS_A_TURN = 9;

/** The client as which Backstage signs its users in. */
const SIGN_IN_CLIENT = { id: 'backstage', secret: 'a secret for the bench' };

/** From opening the Kubernetes tab to the pods of all clusters. @type {import('./row.mjs').Group} */
export const TAB = {
  name: 'tab',
  measure: async (scale) => {
    const rows = [];
    for (const count of COUNTS) {
      rows.push(await Parts.around((parts) => row(parts, count, scale.turns * LOADS_A_TURN)));
    }
    return rows;
  },
};

/** @param {Parts} parts @param {number} count @param {number} turns @returns {Promise<import('./row.mjs').Row>} */
async function row(parts, count, turns) {
  const ports = await Promise.all([...versions(), 'serviceAccount'].map(() => freePort()));
  const redirects = ports.map((port) => `http://localhost:${port}/api/auth/oidc/handler/frame`).join(',');
  const idp = await parts.add(startProcess('idp.mjs', [
    '--extra-client-id', SIGN_IN_CLIENT.id, '--extra-client-secret', SIGN_IN_CLIENT.secret, '--extra-redirect', redirects,
  ]));
  const { issuer } = idp.announcement;
  const cluster = await parts.add(StartedCluster.start(issuer));
  const shared = await parts.add(SharedCluster.start());
  const browser = await launchChromium();
  await parts.add(Promise.resolve({ stop: () => browser.close() }));
  const candidates = [];
  for (const [number, { name, binary }] of versions().entries()) {
    const at = { port: ports[number] ?? 0, issuer, count };
    const backend = await startBackend(parts, { ...at, name, binary, cluster });
    const person = await personAt(parts, browser, { ...at, provider: 'clusterauth', behind: cluster, backend });
    await logInEverywhere(person, backend, count);
    candidates.push({ name: `${name}, clusterauth`, sample: () => openTab(person, count) });
  }
  const last = { port: ports.at(-1) ?? 0, issuer, count };
  const person = await personAt(parts, browser, { ...last, provider: 'serviceAccount', behind: shared, backend: 'http://127.0.0.1:1' });
  candidates.push({ name: 'serviceAccount', sample: () => openTab(person, count) });
  return rowOf({
    title: `The Backstage tab with ${count} ${count === 1 ? 'cluster' : 'clusters'}`,
    about: `From the navigation to the Kubernetes tab of a component to the pods of all clusters, ${turns} times each, in Chromium, in a Backstage of its own; all clusters are one
under so many names. With serviceAccount Backstage itself asks another cluster of the same kind, with one token for everyone. Chromium, Backstage and the clusters share what is left
of the processors; ours has one to itself, which is idle with serviceAccount. The page itself is most of it, and is in all of them.`,
    columns: [{ figure: 'podsMs', heading: 'until the pods are there, ms', digits: 0, compared: true, better: 'least' }],
  }, candidates, turns);
}

/** @param {number} number @returns {string} none of them is the beginning of another */
function nameOf(number) {
  return `cluster-${String(number + 1).padStart(2, '0')}`;
}

/** @param {number} count */
function names(count) {
  return Array.from({ length: count }, (_, number) => nameOf(number));
}

/**
 * @param {Parts} parts
 * @param {{port: number, issuer: string, count: number, name: string, binary: string, cluster: StartedCluster}} at
 * @returns {Promise<string>} the address of a backend that knows the cluster under so many names
 */
async function startBackend(parts, { port, issuer, count, name, binary, cluster }) {
  const folder = inRepository('target/bench/tab');
  await mkdir(folder, { recursive: true });
  const file = `${folder}/${name.replaceAll(' ', '-')}-${count}.toml`;
  const blocks = names(count).map((one) => `[[clusters]]
cluster_name = "${one}"
oidc_issuer_url = "${issuer}"
oidc_client_id = "kubernetes"
oidc_organization_id = "org_dev"
oidc_extra_params = "prompt=consent"
identity_rule = "catalog"
kubernetes_api_url = "${cluster.url}"
kubernetes_ca_file = "${cluster.caFile}"
`);
  await writeFile(file, blocks.join('\n'));
  // The file has them for each cluster.
  const ofOneCluster = ['CLUSTER_NAME', 'OIDC_ISSUER_URL', 'OIDC_CLIENT_ID', 'IDENTITY_RULE', 'USER_TOKENS'];
  const instead = { ...Object.fromEntries(ofOneCluster.map((variable) => [variable, undefined])), CONFIG_FILE: file };
  const backstage = `http://localhost:${port}`;
  const logName = `tab-${name.replaceAll(' ', '-')}-${count}`;
  const ours = await parts.add(Ours.start(logName, binary, { backstage, issuer }, { kind: 'process' }, instead));
  return ours.url;
}

/**
 * Starts a Backstage with clusters of this provider, and signs a person in.
 *
 * @param {Parts} parts
 * @param {Awaited<ReturnType<typeof launchChromium>>} browser
 * @param {{port: number, issuer: string, count: number, provider: Provider, behind: Behind, backend: string}} at
 * @returns {Promise<Person>}
 */
async function personAt(parts, browser, { port, issuer, count, provider, behind, backend }) {
  const url = `http://localhost:${port}`;
  const clusters = names(count).map((name) => ({
    name, title: name, url: behind.url, caFile: behind.caFile, authProvider: provider, skipMetricsLookup: true,
    ...(behind.token && { serviceAccountToken: behind.token }),
  }));
  await parts.add(startBackstageApp({
    logs: LOGS,
    variables: {
      BACKSTAGE_URL: url,
      BACKSTAGE_PORT: String(port),
      BACKSTAGE_SESSION_SECRET: 'a session secret of the bench',
      IDP_METADATA_URL: new URL('.well-known/openid-configuration', issuer).href,
      IDP_CLIENT_ID: SIGN_IN_CLIENT.id,
      IDP_CLIENT_SECRET: SIGN_IN_CLIENT.secret,
      CLUSTER_AUTH_BACKEND_URL: backend,
      // The file names them in the list that is replaced.
      ...Object.fromEntries(['CLUSTER', 'SHARED_CLUSTER', 'SIGN_IN_CLUSTER'].flatMap((one) => [[`${one}_URL`, behind.url], [`${one}_CA_FILE`, behind.caFile]])),
      SHARED_CLUSTER_TOKEN: 'unused',
      APP_CONFIG_kubernetes_clusterLocatorMethods: JSON.stringify([{ type: 'config', clusters }]),
    },
  }));
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(PATIENCE_MS);
  const artefact = (/** @type {string} */ name) => inRepository('target/bench/tab', name);
  const person = new Person('felix', { context, page: await context.newPage(), url, artefact });
  await person.signIn();
  return person;
}

/**
 * Logs the person in to each cluster, past the browser.
 *
 * @param {Person} person
 * @param {string} backend
 * @param {number} count
 */
async function logInEverywhere(person, backend, count) {
  for (const cluster of names(count)) {
    const { status, body } = await person.ask('/cluster-auth/register', { method: 'POST', body: JSON.stringify({ cluster }) });
    if (status !== 200) {
      throw new Error(`no login at ${cluster} could begin: ${status} ${body}`);
    }
    const { sessionToken, authUrl } = JSON.parse(body);
    const client = new CookieJarClient();
    const page = await client.navigate(authUrl);
    const { url } = await client.navigate(page.url, new URLSearchParams({ login: person.login, password: PASSWORD, action: 'login' }));
    await redeem(backend, { sessionToken, ...answerIn(url.searchParams) });
  }
}

/** @param {Person} person @param {number} count @returns {Promise<Tab>} */
async function openTab(person, count) {
  await person.page.goto('about:blank');
  const began = performance.now();
  await person.openKubernetesTab('web');
  await person.page.waitForFunction((titles) => {
    const shown = [...document.querySelectorAll('.MuiAccordion-root')].map(({ textContent }) => textContent ?? '');
    return titles.every((title) => shown.some((text) => text.includes(title) && text.includes('2 pods')));
  }, names(count));
  return { podsMs: performance.now() - began };
}
