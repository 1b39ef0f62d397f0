/**
 * The tables that `kubectl get` asks the server for.
 *
 * @typedef {import('./pods.mjs').Pod} Pod
 * @typedef {{metadata: {name: string, creationTimestamp: string}}} Named
 */

/**
 * @param {import('node:http').IncomingMessage} request
 * @returns {boolean}
 */
export function wantsTable(request) {
  return (request.headers.accept ?? '').split(',').some((type) => type.replaceAll(' ', '').includes(';as=Table'));
}

/**
 * @template {Named} T
 * @param {T[]} objects
 * @param {string} resourceVersion
 * @param {Record<string, (object: T) => string | number>} columns by their heading
 */
export function table(objects, resourceVersion, columns) {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion },
    columnDefinitions: Object.keys(columns).map((name) => ({ name, type: 'string', format: '', description: name, priority: 0 })),
    rows: objects.map((object) => ({
      cells: Object.values(columns).map((cell) => cell(object)),
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
    })),
  };
}

/** @type {Record<string, (pod: Pod) => string | number>} */
export const POD_COLUMNS = {
  Name: (pod) => pod.metadata.name,
  Ready: (pod) => {
    const statuses = pod.status.containerStatuses;
    return `${statuses.filter(({ ready }) => ready).length}/${statuses.length}`;
  },
  Status: (pod) => pod.status.phase,
  Restarts: (pod) => pod.status.containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
  Age: age,
};

/** @type {Record<string, (namespace: Named) => string>} */
export const NAMESPACE_COLUMNS = {
  Name: ({ metadata }) => metadata.name,
  Status: () => 'Active',
  Age: age,
};

/**
 * @param {Named} object
 * @returns {string} as kubectl prints it: seconds below two minutes, then minutes
 */
function age({ metadata }) {
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(metadata.creationTimestamp)) / 1000));
  return seconds < 120 ? `${seconds}s` : `${Math.floor(seconds / 60)}m`;
}
