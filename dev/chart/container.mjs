#!/usr/bin/env node
// `make chart-container`, after its setup and in a network of its own: starts the container that the chart renders as kubelet would, with the image that
// `make image-quick` makes, and logs in through it; then the pod of `helm test`; then the container once more, to which people are still logged in.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { StartedCluster } from '../cluster/started-cluster.mjs';
import { DrivenBrowser } from '../demo/driven-browser.mjs';
import { kept, usable } from '../demo/headless.mjs';
import { Program } from '../demo/program.mjs';
import { startProgram } from '../environment/logged-program.mjs';
import { freePort } from '../idp/loopback.mjs';
import { startProcess } from '../idp/started-process.mjs';
import { logInAtIdp } from '../image/browser-login.mjs';
import { configurePodman, podman, pullNothing } from '../image/podman.mjs';
import { checkConfiguration } from '../image/published-helper.mjs';
import { buildQuickImage, QUICK_IMAGE } from '../image/quick-image.mjs';
import { CLUSTER } from '../portal/portal.mjs';
import { duration, say, step } from '../setup/steps.mjs';
import { ownConfigMaps, workloadPod } from './mounted.mjs';
import { removeContainer, runOptions } from './pod-run.mjs';
import { hasStoreFile } from './program-takes.mjs';
import { template } from './rendered.mjs';

/** @typedef {{stop(): Promise<unknown>}} Part */

const LOGS = 'target/test-output/chart';
const CONTAINER = 'oidc-helper-chart';

/** In this network they are free. */
const API = '127.0.0.1:7008';
const CONTROL = '127.0.0.1:9090';

const KEYS = `k1:${Buffer.alloc(32, 7).toString('base64')}`;

const folder = await mkdtemp(join(tmpdir(), 'chart-container-'));
/** @type {Part[]} */
const started = [];

/** @template {Part} T @param {T} part stopped at the end @returns {T} */
function add(part) {
  started.push(part);
  return part;
}

/** @returns {Promise<object>} the values that both kinds of store have in common */
async function start() {
  const { issuer, clientId } = add(await startProcess('idp.mjs')).announcement;
  const cluster = add(await StartedCluster.start(issuer));
  return {
    image: { registry: 'localhost', repository: QUICK_IMAGE, tag: 'latest' },
    // There is no Backstage here: every caller is felix, which a backend allows on loopback alone.
    settings: { backstageUrl: 'http://localhost:7007', drainDelay: '0s' },
    extraEnv: Object.entries({ LISTEN: API, CONTROL_LISTEN: CONTROL, CLUSTER_AUTH_DEV_USER: 'user:default/felix' }).map(([name, value]) => ({ name, value })),
    clusters: {
      [CLUSTER]: {
        oidcIssuerUrl: issuer,
        oidcClientId: clientId,
        oidcOrganizationId: 'org_dev',
        oidcExtraParams: 'prompt=consent',
        identityRule: 'email',
        identityEmailDomains: ['example.com'],
        userTokens: 'read',
        kubernetesApiUrl: cluster.url,
        kubernetesCa: { pem: await readFile(cluster.caFile, 'utf8') },
      },
    },
    encryptionKeys: { existingSecret: 'keys' },
  };
}

/** @returns {Promise<string>} its address */
async function startRedis() {
  const port = await freePort();
  const line = ['redis-server', '--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  await add(startProgram('redis', line, { logs: LOGS })).line(/Ready to accept connections/);
  return `redis://127.0.0.1:${port}/`;
}

/** @param {any} spec @param {string} name @param {import('./mounted.mjs').ByName} secrets @param {import('./rendered.mjs').KubernetesObject[]} objects @param {string} store */
function options(spec, name, secrets, objects, store) {
  const contents = { secrets, configMaps: ownConfigMaps(objects) };
  return runOptions(spec, { name, contents, folder: join(folder, `${store}-${name}-${started.length}`), stateFolder: join(folder, `${store}-state`) });
}

/** @param {string[]} line @returns {Promise<Program>} the container, which listens */
async function run(line) {
  await removeContainer(CONTAINER);
  const container = add(new Program('container', ['run', ...line], {}, 'podman', LOGS));
  await container.line(/"message":"listening"/);
  const { status } = await fetch(`http://${CONTROL}/readyz`);
  assert.equal(status, 200, 'it is not ready');
  return container;
}

async function logIn() {
  const browser = add(await DrivenBrowser.start());
  const helper = add(new Program('helper', ['login', '--backend', `http://${API}`, '--no-browser'], {}, undefined, LOGS));
  const [link = ''] = /http:\/\/localhost:\d+\/go\/\S+/.exec(await helper.line(/\/go\//)) ?? [];
  await browser.act({ op: 'open', url: link });
  await logInAtIdp(browser);
  assert.equal(await helper.exit(), 0, 'the login failed');
  await browser.stop();
}

/**
 * @param {'redis' | 'file'} store
 * @param {object} values
 */
async function tryStore(store, values) {
  const secrets = /** @type {import('./mounted.mjs').ByName} */ ({ keys: { keys: KEYS } });
  const file = join(folder, `${store}.json`);
  if (store === 'redis') {
    secrets['redis'] = { url: await startRedis() };
  }
  await writeFile(file, JSON.stringify({ ...values, ...(store === 'redis' ? { redis: { existingSecret: 'redis' } } : {}) }));
  const objects = await template('helm4', '--values', file);
  const [spec, grace] = [workloadPod(objects), workloadPod(objects).terminationGracePeriodSeconds];
  const line = await options(spec, CONTAINER, secrets, objects, store);
  const container = await step(`${store}: start`, () => run(line));
  await checkConfiguration(CONTAINER);
  await step(`${store}: login`, logIn);
  await kept(`http://${API}`);
  await usable(`http://${API}`);
  const check = objects.find(({ kind }) => kind === 'Pod')?.['spec'];
  await step(`${store}: check`, async () => podman('run', '--rm', ...(await options(check, `${CONTAINER}-check`, secrets, objects, store))));
  await step(`${store}: stop`, () => podman('stop', '--time', String(grace), CONTAINER));
  assert.equal(await container.exit(), 0, 'it was killed, or ended with an error');
  await step(`${store}: again`, () => run(line));
  await kept(`http://${API}`);
  await podman('stop', '--time', String(grace), CONTAINER);
}

const began = performance.now();
try {
  // The container's user goes through it.
  await chmod(folder, 0o755);
  await configurePodman();
  pullNothing();
  await step('image', () => buildQuickImage());
  const values = await step('start', start);
  await tryStore('redis', values);
  const withFile = await hasStoreFile();
  if (withFile) {
    await tryStore('file', values);
  } else {
    say('  file: not run (the program has no STORE_FILE yet)');
  }
  say(`chart-container: ok (logged in with Redis${withFile ? ' and with a file' : ''}, as 65532 on a root that cannot be written; helm test's pod; still logged in after a restart; ${duration(performance.now() - began)})`);
} catch (error) {
  say(`chart-container: failed (${error instanceof Error ? error.message : error}; logs are in ${LOGS})`);
  process.exitCode = 1;
} finally {
  await removeContainer(CONTAINER).catch(() => {});
  for (const part of started.reverse()) {
    await part.stop();
  }
  await rm(folder, { recursive: true, force: true });
}
process.exit();
