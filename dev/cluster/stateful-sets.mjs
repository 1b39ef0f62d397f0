/** @typedef {import('./pods.mjs').Pod} Pod */

/**
 * @param {string} namespace
 * @param {string} app
 */
export function statefulSetUid(namespace, app) {
  return `${namespace}-${app}`;
}

/**
 * What the pods of a namespace belong to: one StatefulSet an app.
 *
 * @param {Pod[]} pods
 */
export function statefulSetsOf(pods) {
  const apps = [...new Set(pods.map(appOf))];
  return apps.map((app) => statefulSet(app, pods.filter((pod) => appOf(pod) === app)));
}

/** @param {Pod} pod */
function appOf({ metadata }) {
  return metadata.labels['app'] ?? metadata.name;
}

/**
 * @param {string} app
 * @param {Pod[]} pods
 */
function statefulSet(app, pods) {
  const replicas = pods.length;
  const { metadata: { namespace, labels, creationTimestamp }, spec } = /** @type {Pod} */ (pods[0]);
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: app, namespace, uid: statefulSetUid(namespace, app), resourceVersion: '1', creationTimestamp, labels },
    spec: { replicas, serviceName: app, selector: { matchLabels: { app } }, template: { metadata: { labels }, spec } },
    status: { replicas, readyReplicas: replicas, currentReplicas: replicas, updatedReplicas: replicas },
  };
}
