/**
 * @typedef {import('./authentication.mjs').User} User
 * @typedef {import('./request-attributes.mjs').ResourceAttributes} ResourceAttributes
 */

/** Who may read each namespace, and, where there is a node, change it and run commands in it; the user is named beside the group for ID tokens that carry no group. */
const ROLE_BINDINGS = [
  { namespace: 'team-a', user: 'felix@example.com', group: 'team-a' },
  { namespace: 'team-b', user: 'mara@example.com', group: 'team-b' },
];

/** Where there is a node, they may read here too, but no more: not even secrets. */
const READERS = [{ namespace: 'team-a', user: 'mara@example.com', group: 'team-b' }];

/** All that is there to read without secrets, where there is a node. */
const VIEW = ['namespaces', 'pods', 'pods/log', 'configmaps', 'events', 'serviceaccounts', 'services'];

const READ = ['get', 'list', 'watch'];
const REVIEWS = ['authorization.k8s.io/selfsubjectaccessreviews', 'authentication.k8s.io/selfsubjectreviews'];

/**
 * @param {User} user
 * @param {ResourceAttributes} attributes
 * @param {boolean} [withNode] whether pods can be run commands in, and objects changed
 * @returns {boolean}
 */
export function isAllowed(user, attributes, withNode = false) {
  const { verb, group, resource, namespace, name } = attributes;
  if (verb === 'create' && REVIEWS.includes(`${group}/${resource}`)) {
    return true;
  }
  if (!group && resource === 'namespaces' && !name) {
    return verb === 'list' || verb === 'watch';
  }
  if (withNode) {
    return isBound(ROLE_BINDINGS, user, namespace) || (READ.includes(verb) && isViewed(attributes) && isBound(READERS, user, namespace));
  }
  return READ.includes(verb) && isReadable(attributes) && isBound(ROLE_BINDINGS, user, namespace);
}

/** @param {ResourceAttributes} attributes */
function isReadable({ group, resource, subresource }) {
  const what = subresource ? `${resource}/${subresource}` : resource;
  return group === 'apps' ? what === 'statefulsets' : !group && ['namespaces', 'pods', 'pods/log', 'configmaps'].includes(what);
}

/** @param {ResourceAttributes} attributes */
function isViewed({ group, resource, subresource }) {
  return group === 'apps' || (!group && VIEW.includes(subresource ? `${resource}/${subresource}` : resource));
}

/**
 * @param {typeof ROLE_BINDINGS} bindings
 * @param {User} user
 * @param {string} namespace
 */
function isBound(bindings, user, namespace) {
  return bindings.some((binding) => binding.namespace === namespace
    && (binding.user === user.name || user.groups.includes(binding.group)));
}
