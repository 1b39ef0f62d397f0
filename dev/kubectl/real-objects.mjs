/** What dev/cluster has by itself: two namespaces, two pods in each, on one node, and who may do what. */

const APPS = [{ namespace: 'team-a', app: 'web' }, { namespace: 'team-b', app: 'api' }];

/**
 * With the roles that each API server makes. A controller, which is not there, would put them together to `view` and `edit`; the latter may
 * create pods/exec.
 */
const VIEW = ['system:aggregate-to-view'];
const EDIT = ['system:aggregate-to-edit', ...VIEW];

const BINDINGS = [
  { namespace: 'team-a', group: 'team-a', roles: EDIT },
  { namespace: 'team-a', group: 'team-b', roles: VIEW },
  { namespace: 'team-b', group: 'team-b', roles: EDIT },
];

/** @param {number} kubeletPort */
export function objectsOf(kubeletPort) {
  const pods = APPS.flatMap(({ namespace, app }) => [0, 1].map((replica) => ({ namespace, app, name: `${app}-${replica}` })));
  return {
    objects: [
      node(kubeletPort),
      ...APPS.map(({ namespace }) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })),
      ...BINDINGS.flatMap(bindings),
      ...pods.map(pod),
    ],
    statuses: pods.map(({ namespace, app, name }) => ({ namespace, name, status: running(app) })),
  };
}

/** @param {number} kubeletPort */
function node(kubeletPort) {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'development' },
    status: {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}

/** @param {typeof BINDINGS[number]} of */
function bindings({ namespace, group, roles }) {
  return roles.map((role) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: `${group}:${role}`, namespace },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  }));
}

/** @param {{namespace: string, app: string, name: string}} of */
function pod({ namespace, app, name }) {
  const image = `registry.example.com/${app}:1.0`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels: { app } },
    spec: { nodeName: 'development', automountServiceAccountToken: false, containers: [{ name: app, image }] },
  };
}

/** @param {string} app */
function running(app) {
  const image = `registry.example.com/${app}:1.0`;
  const startedAt = '2026-01-01T00:00:00Z';
  return {
    phase: 'Running',
    podIP: '127.0.0.1',
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [{ name: app, image, imageID: image, ready: true, restartCount: 0, state: { running: { startedAt } } }],
  };
}
