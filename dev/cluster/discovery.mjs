/** What kubectl asks before it knows which path a resource has. */

/**
 * @param {string} name
 * @param {string} kind
 * @param {string[]} verbs
 * @param {{namespaced: boolean, shortNames?: string[]}} more
 */
function resource(name, kind, verbs, { namespaced, shortNames }) {
  return { name, singularName: name.includes('/') ? '' : kind.toLowerCase(), namespaced, kind, verbs, shortNames };
}

/**
 * @param {string} groupVersion
 * @param {ReturnType<typeof resource>[]} resources
 */
function resourceList(groupVersion, resources) {
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

/** @param {string} name */
function group(name) {
  const version = { groupVersion: `${name}/v1`, version: 'v1' };
  return { name, versions: [version], preferredVersion: version };
}

const READ = ['get', 'list', 'watch'];

/** @type {Record<string, object>} */
const DOCUMENTS = {
  '/version': {
    major: '1',
    minor: '32',
    gitVersion: 'v1.32.0-development',
    platform: `${process.platform}/${process.arch}`,
  },
  '/api': {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [],
  },
  '/api/v1': resourceList('v1', [
    resource('configmaps', 'ConfigMap', READ, { namespaced: true, shortNames: ['cm'] }),
    resource('namespaces', 'Namespace', READ, { namespaced: false, shortNames: ['ns'] }),
    resource('pods', 'Pod', READ, { namespaced: true, shortNames: ['po'] }),
    resource('pods/log', 'Pod', ['get'], { namespaced: true }),
  ]),
  '/apis': {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: [group('apps'), group('authentication.k8s.io'), group('authorization.k8s.io')],
  },
  '/apis/apps/v1': resourceList('apps/v1', [
    resource('statefulsets', 'StatefulSet', ['get', 'list'], { namespaced: true, shortNames: ['sts'] }),
  ]),
  '/apis/authentication.k8s.io/v1': resourceList('authentication.k8s.io/v1', [
    resource('selfsubjectreviews', 'SelfSubjectReview', ['create'], { namespaced: false }),
  ]),
  '/apis/authorization.k8s.io/v1': resourceList('authorization.k8s.io/v1', [
    resource('selfsubjectaccessreviews', 'SelfSubjectAccessReview', ['create'], { namespaced: false }),
  ]),
};

/**
 * @param {string} path
 * @returns {object | undefined}
 */
export function discoveryDocument(path) {
  return DOCUMENTS[path.replace(/\/$/, '')];
}
