/** What must hold for all that the chart renders, whatever the values are. */

/** @typedef {import('./rendered.mjs').KubernetesObject} KubernetesObject */

const WORKLOADS = ['Deployment', 'StatefulSet'];

/** What is under way has 25 seconds; the process ends within 28: src/backend/stopping.rs. */
const SHORTEST_GRACE = 28;

/** The mode of secrets, 0400. */
const OWNER_READS = 0o400;

/**
 * @param {KubernetesObject[]} objects
 * @returns {string[]} one sentence each
 */
export function faults(objects) {
  const pods = objects.flatMap((object) => {
    const template = WORKLOADS.includes(object.kind) ? object['spec'].template : object.kind === 'Pod' ? object : undefined;
    return template ? [{ of: `${object.kind} ${object.metadata.name}`, ...template }] : [];
  });
  return [...pods.flatMap(ofPod), ...selectorFaults(objects), ...objects.flatMap(ofObject), ...twice(objects)];
}

/**
 * Reads `any`: a fault may be a field that is not there, or of another shape.
 *
 * @param {{of: string, metadata: any, spec: any}} pod
 * @returns {string[]} against the profile `restricted`, and what else the chart promises
 */
function ofPod({ of, spec }) {
  const found = /** @type {string[]} */ ([]);
  const wants = (/** @type {unknown} */ good, /** @type {string} */ sentence) => good || found.push(`${of}: ${sentence}`);
  wants(spec.automountServiceAccountToken === false, 'a service account token is mounted');
  wants(spec.securityContext?.runAsNonRoot === true, 'it may run as root');
  wants(Number(spec.securityContext?.runAsUser) > 0, 'its user is root, or the image\'s');
  wants(spec.securityContext?.seccompProfile?.type === 'RuntimeDefault', 'it has no seccomp profile');
  wants(spec.securityContext?.fsGroupChangePolicy === 'OnRootMismatch', 'kubelet would open the store to its group at each start');
  wants(!spec.hostNetwork && !spec.hostPID && !spec.hostIPC, 'it has a namespace of the node');
  for (const { name, securityContext, lifecycle } of [...spec.containers, ...(spec.initContainers ?? [])]) {
    wants(securityContext?.allowPrivilegeEscalation === false, `${name} may gain rights`);
    wants(securityContext?.capabilities?.drop?.includes('ALL') && !securityContext.capabilities.add, `${name} has capabilities`);
    wants(lifecycle === undefined, `${name} has a hook, and the image no shell`);
  }
  const [own] = spec.containers;
  wants(own.securityContext.readOnlyRootFilesystem === true, 'its root file system can be written');
  wants(own.resources?.requests && own.resources?.limits?.memory, 'it has no requests, or no limit of memory');
  for (const { name, projected, hostPath, secret } of spec.volumes) {
    const hasSecret = secret || projected?.sources.some((/** @type {any} */ source) => source.secret);
    wants(!hasSecret || (projected ?? secret).defaultMode === OWNER_READS, `the secrets of the volume ${name} are not 0400`);
    wants(!hostPath, `the volume ${name} is of the node`);
  }
  if (!of.startsWith('Pod ')) {
    wants(spec.terminationGracePeriodSeconds >= SHORTEST_GRACE, 'it is killed before it has ended');
    const ports = [own.startupProbe, own.livenessProbe, own.readinessProbe].map((probe) => probe?.httpGet?.port);
    wants(ports.every((port) => port === 'control'), 'a probe does not ask the control port');
  }
  return found;
}

/** @param {KubernetesObject[]} objects @returns {string[]} */
function selectorFaults(objects) {
  const workload = objects.find(({ kind }) => WORKLOADS.includes(kind));
  if (workload === undefined) {
    return ['there is neither a Deployment nor a StatefulSet'];
  }
  const { template, selector } = workload['spec'];
  const others = objects.filter(({ kind }) => kind === 'Pod');
  const selecting = objects.flatMap(({ kind, metadata, spec }) => {
    const of = { Service: spec?.selector, PodDisruptionBudget: spec?.selector?.matchLabels, NetworkPolicy: spec?.podSelector?.matchLabels }[kind];
    return of ? [{ of: `${kind} ${metadata.name}`, labels: of }] : [];
  });
  return [{ of: `${workload.kind} ${workload.metadata.name}`, labels: selector.matchLabels }, ...selecting].flatMap(({ of, labels }) => [
    ...(selects(labels, template.metadata.labels) ? [] : [`${of}: its selector does not find the pods`]),
    ...others.filter(({ metadata }) => selects(labels, metadata['labels'])).map(({ metadata }) => `${of}: its selector finds ${metadata.name}`),
  ]);
}

/** @param {Record<string, string>} selector @param {Record<string, string>} labels */
function selects(selector, labels) {
  return Object.entries(selector).every(([name, value]) => labels[name] === value);
}

/** @param {KubernetesObject} object @returns {string[]} */
function ofObject({ kind, metadata, ...rest }) {
  return [
    ...(kind === 'Secret' ? [`Secret ${metadata.name}: the chart makes none`] : []),
    ...(kind === 'ServiceAccount' && rest['automountServiceAccountToken'] !== false ? [`ServiceAccount ${metadata.name}: its token is mounted`] : []),
    ...(Object.keys(metadata['annotations'] ?? {}).some((name) => name.includes('snippet')) ? [`${kind} ${metadata.name}: it has a snippet`] : []),
  ];
}

/** @param {KubernetesObject[]} objects @returns {string[]} */
function twice(objects) {
  const keys = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  return keys.filter((key, at) => keys.indexOf(key) !== at).map((key) => `${key} is there twice`);
}

/**
 * The selector of a workload cannot change: the API server refuses the upgrade of every release.
 *
 * @param {KubernetesObject[]} before
 * @param {KubernetesObject[]} now
 * @returns {string[]}
 */
export function changedSelectors(before, now) {
  const ofWorkloads = (/** @type {KubernetesObject[]} */ objects) => objects.filter(({ kind }) => WORKLOADS.includes(kind)).map(({ spec }) => JSON.stringify(spec.selector));
  return String(ofWorkloads(before)) === String(ofWorkloads(now)) ? [] : ['the selector has changed, and no release could be upgraded'];
}
