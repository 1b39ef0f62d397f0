#!/usr/bin/env node
// Starts the stock app in the folder that is named, with everything around it, and logs in as its guest. Runs in a network of its own, in
// which the ports of the template are free.
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { launchChromium } from '../../dev/browser/chromium.mjs';
import { StartedCluster } from '../../dev/cluster/started-cluster.mjs';
import { startProgram, startRole } from '../../dev/environment/logged-program.mjs';
import { startProcess } from '../../dev/idp/started-process.mjs';
import { inRepository } from '../../dev/setup/repository.mjs';
import { step } from '../../dev/setup/steps.mjs';
import { variablesIn } from './document.mjs';
import { Guest } from './people.mjs';
import { shellVariables } from './template.mjs';

const LOGS = 'target/test-output/stock-app';
/** The addresses of the template. */
const APP = 'http://localhost:3000';
const API = 'http://localhost:7007';

/** The slowest is the bundle of a development server on a busy machine. */
const PATIENCE_MS = 180_000;

/** @type {{stop(): Promise<unknown>}[]} */
const started = [];

/** @template {{stop(): Promise<unknown>}} T @param {T} part stopped with the others @returns {T} */
function add(part) {
  started.push(part);
  return part;
}

/** @param {string} app */
async function startAround(app) {
  const idp = add(await startProcess('idp.mjs'));
  const { issuer, clientId } = idp.announcement;
  const cluster = add(await StartedCluster.start(issuer));
  await writeFile(join(app, 'app-config.local.yaml'), localConfiguration(cluster));
  const document = variablesIn(await readFile(inRepository('docs/backstage.md'), 'utf8'), '### Try it');
  const variables = {
    ...document,
    OIDC_ISSUER_URL: issuer,
    OIDC_CLIENT_ID: clientId,
    KUBERNETES_API_URL: cluster.url,
    KUBERNETES_CA_FILE: cluster.caFile,
    // What only this identity provider wants.
    OIDC_ORGANIZATION_ID: 'org_dev',
    OIDC_EXTRA_PARAMS: 'prompt=consent',
    CONTROL_LISTEN: '127.0.0.1:0',
    DRAIN_DELAY: '0s',
  };
  const backend = add(startRole('backend', { logs: LOGS, variables }));
  await backend.line(/"message":"listening"/);
}

/**
 * The addresses of this machine, in the file that the template leaves to developers.
 *
 * @param {StartedCluster} cluster
 */
function localConfiguration(cluster) {
  const clusters = [{ name: 'production', url: cluster.url, caFile: cluster.caFile, authProvider: 'clusterauth', skipMetricsLookup: true }];
  // The objects that the development cluster has.
  return JSON.stringify({ kubernetes: { objectTypes: ['pods', 'statefulsets'], clusterLocatorMethods: [{ type: 'config', clusters }] } });
}

/** @param {string} app */
async function startApp(app) {
  const backstage = startProgram('yarn-start', ['yarn', 'start'], { logs: LOGS, folder: app, variables: await shellVariables() });
  add({ stop: async () => backstage.kill() });
  await backstage.line(/Listening on :7007/);
}

/**
 * What the document promises, as a person sees it: a login by the command, and one by the helper.
 *
 * @param {Guest} guest
 */
async function logIn(guest) {
  await step('page', async () => {
    await guest.openComponent('example-website');
    await guest.enter();
    await guest.page.getByRole('button', { name: 'Get K8s access' }).waitFor();
  });
  await step('by command', async () => {
    await guest.getAccess();
    // The person sees the app at one address, and the helper needs the other.
    assert.match(await guest.logInByCommand(), / --backend 'http:\/\/localhost:7007'$/);
    await showsPods(guest);
  });
  await step('places', () => leavesPlaces(guest));
  const helper = add(startRole('proxy', { logs: LOGS, variables: { BACKSTAGE_URL: API } }));
  await helper.line(/"message":"listening"/);
  await step('by helper', async () => {
    await guest.disconnect();
    // Back from the settings, where nothing has asked for a login.
    await guest.page.goBack();
    await guest.getAccess();
    await guest.logInByHelper();
    await showsPods(guest);
  });
}

/**
 * What the template has is where it was: "About" first, and the settings open with "General".
 *
 * @param {Guest} guest
 */
async function leavesPlaces(guest) {
  await guest.page.getByRole('link', { name: 'Overview', exact: true }).click();
  const [about, ours] = ['About', 'K8s access'].map((name) => guest.page.locator('.bui-Card').filter({ has: guest.page.getByRole('heading', { name }) }));
  assert.ok(((await about?.boundingBox())?.y ?? Number.NaN) < ((await ours?.boundingBox())?.y ?? Number.NaN), '"About" is not above the card');
  await guest.page.getByRole('link', { name: 'Settings', exact: true }).click();
  await guest.page.getByRole('tab', { name: 'General', selected: true }).waitFor();
}

/** @param {Guest} guest */
async function showsPods(guest) {
  await guest.page.getByRole('link', { name: 'Kubernetes', exact: true }).click();
  assert.deepEqual(await guest.podsOf('production'), ['web-0', 'web-1']);
}

const app = process.argv[2] ?? '';
await rm(inRepository(LOGS), { recursive: true, force: true });
await mkdir(inRepository(LOGS), { recursive: true });
const browser = await launchChromium();
try {
  await step('parts', () => startAround(app));
  await step('yarn start', () => startApp(app));
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, permissions: ['clipboard-read', 'clipboard-write'] });
  context.setDefaultTimeout(PATIENCE_MS);
  const guest = new Guest({ context, page: await context.newPage(), url: APP, artefact: (name) => inRepository(LOGS, name) }, API);
  try {
    await logIn(guest);
  } finally {
    await guest.keepPicture('end');
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 1;
} finally {
  await browser.close();
  for (const part of started.reverse()) {
    await part.stop();
  }
}
// What `yarn start` has started still holds the log, and ends with this process: it is the first of its namespace.
process.exit();
