#!/usr/bin/env node
// `make chart-real`, after its setup: a real API server takes what the chart renders, and the commands of docs/helm.md.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { issueCertificates } from '../cluster/certificates.mjs';
import { RealCluster } from '../kubectl/real-cluster.mjs';
import { DEFINITIONS } from '../setup/definitions.mjs';
import { duration, say, step } from '../setup/steps.mjs';
import { HELMS, MATRIX, NAMESPACE, template } from './rendered.mjs';
import { runShownCommands } from './shown-commands.mjs';

/** @typedef {import('./rendered.mjs').KubernetesObject} KubernetesObject */

/**
 * What is changed in a `spec`, and what the API server then says. `any`: the specs of the three kinds have nothing in common, and their
 * definitions are the API server's to check, which is what is tried here.
 *
 * @type {{kind: string, change: (spec: any) => void, said: RegExp}[]}
 */
const WRONG = [
  { kind: 'HTTPRoute', change: ({ rules: [rule] }) => { rule.matches[0].path.value = 'api/cluster-auth'; }, said: /must be an absolute path/ },
  { kind: 'ServiceMonitor', change: ({ endpoints: [endpoint] }) => { endpoint.interval = '30 s'; }, said: /spec\.endpoints\[0\]\.interval/ },
  { kind: 'PrometheusRule', change: ({ groups: [group] }) => { group.rules[0].for = 'soon'; }, said: /spec\.groups\[0\]\.rules\[0\]\.for/ },
];

const RESTRICTED = 'pod-security.kubernetes.io/enforce=restricted';

const began = performance.now();
const folder = await mkdtemp(join(tmpdir(), 'chart-real-'));
/** @type {RealCluster | undefined} */
let cluster;

/** @returns {import('../kubectl/person.mjs').Person} */
function admin() {
  return cluster?.admin ?? assert.fail('the cluster has not started');
}

async function start() {
  // It takes an issuer only under https, and asks it for nothing before a token comes.
  const { authority } = await issueCertificates(new Date());
  await writeFile(join(folder, 'issuer.crt'), authority);
  cluster = await RealCluster.start({ url: 'https://localhost:1', caFile: join(folder, 'issuer.crt') });
}

/**
 * @param {string} verb of kubectl, with its flags
 * @param {KubernetesObject[]} objects
 */
async function kubectlWith(verb, objects) {
  const file = join(folder, 'objects.json');
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  return admin().kubectl(...verb.split(' '), '--namespace', NAMESPACE, '-f', file);
}

/** @returns {Promise<number>} how many commands there are */
async function shown() {
  const counts = [];
  for (const helm of HELMS) {
    counts.push(await runShownCommands(admin(), helm, `${NAMESPACE}-${helm}`));
  }
  return Math.min(...counts);
}

/** What the values name that is not the chart's. */
async function prepare() {
  await admin().kubectl('create', 'namespace', NAMESPACE);
  await admin().kubectl('label', 'namespace', NAMESPACE, RESTRICTED);
  await admin().kubectl('create', 'priorityclass', 'portal', '--value=1000');
  const files = DEFINITIONS.flatMap((file) => ['-f', file]);
  await admin().kubectl('create', ...files);
  await admin().kubectl('wait', '--for=condition=Established', ...files);
}

/** @returns {Promise<{manifests: number, pods: number}>} */
async function matrix() {
  const taken = { manifests: 0, pods: 0 };
  for (const [name, file] of MATRIX) {
    const objects = await template('helm4', '--values', file);
    const pods = objects.flatMap(podsOf);
    // The pod of `helm test` is a pod as it is.
    const others = objects.filter(({ kind }) => kind !== 'Pod');
    await kubectlWith('apply --server-side --validate=strict', others).catch((error) => assert.fail(`${name}: ${error.message}`));
    await kubectlWith('create --validate=strict', pods).catch((error) => assert.fail(`${name}: ${error.message}`));
    await kubectlWith('delete --now', [...pods, ...others]);
    taken.manifests += others.length;
    taken.pods += pods.length;
  }
  return taken;
}

/** @param {KubernetesObject} object @returns {KubernetesObject[]} the pod that a controller would make of it */
function podsOf(object) {
  if (object.kind === 'Pod') {
    return [object];
  }
  const { template: pod, volumeClaimTemplates = [] } = object['spec'] ?? {};
  if (object.kind !== 'Deployment' && object.kind !== 'StatefulSet') {
    return [];
  }
  const claims = volumeClaimTemplates.map((/** @type {any} */ { metadata }) => ({ name: metadata.name, persistentVolumeClaim: { claimName: `${metadata.name}-demo-0` } }));
  const volumes = [...pod.spec.volumes, ...claims];
  return [{ apiVersion: 'v1', kind: 'Pod', metadata: { ...pod.metadata, name: `${object.metadata.name}-0` }, spec: { ...pod.spec, volumes } }];
}

/** What the API server has to refuse, or it would not have looked. */
async function planted() {
  const objects = await template('helm4', '--values', MATRIX.get('redis') ?? '');
  const deployment = objects.filter(({ kind }) => kind === 'Deployment');
  const [pod = assert.fail('there is no pod')] = deployment.flatMap(podsOf);
  const root = { ...pod, spec: { ...pod['spec'], securityContext: { ...pod['spec'].securityContext, runAsNonRoot: false, runAsUser: 0 } } };
  await assert.rejects(kubectlWith('create', [root]), /violates PodSecurity "restricted/);
  await kubectlWith('apply --server-side', deployment);
  const [changed = assert.fail('there is no Deployment')] = structuredClone(deployment);
  changed['spec'].selector.matchLabels['app.kubernetes.io/component'] = 'server';
  changed['spec'].template.metadata.labels['app.kubernetes.io/component'] = 'server';
  await assert.rejects(kubectlWith('apply --server-side', [changed]), /field is immutable/);
}

/** The same of the kinds that are not Kubernetes' own: a field that there is not, and a value that their definitions refuse. */
async function plantedInOthers() {
  const objects = (await Promise.all(['httproute', 'everything'].map((name) => template('helm4', '--values', MATRIX.get(name) ?? '')))).flat();
  for (const { kind, change, said } of WRONG) {
    const object = objects.find((one) => one.kind === kind) ?? assert.fail(`there is no ${kind}`);
    const unknown = { ...object, spec: { ...object['spec'], notThere: 1 } };
    await assert.rejects(kubectlWith('apply --server-side --validate=strict', [unknown]), /unknown field "notThere" in \S+\.spec|spec\.notThere: field not declared/);
    const wrong = structuredClone(object);
    change(wrong['spec']);
    await assert.rejects(kubectlWith('apply --server-side', [wrong]), said);
  }
}

try {
  await step('start', start);
  const commands = await step('document', shown);
  await step('prepare', prepare);
  const { manifests, pods } = await step('matrix', matrix);
  await step('planted', planted);
  await step('planted in other kinds', plantedInOthers);
  say(`chart-real: ok (${commands} commands of docs/helm.md with helm 3 and 4; kube-apiserver took ${manifests} manifests, and ${pods} pods where restricted is enforced; a root user, a changed selector, and what ${WRONG.map(({ kind }) => kind).join(', ')} have not were refused; ${duration(performance.now() - began)})`);
} catch (error) {
  say(`chart-real: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
} finally {
  await cluster?.stop();
  await rm(folder, { recursive: true });
}
process.exit();
