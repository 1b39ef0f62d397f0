/**
 * @typedef {import('./authentication.mjs').User} User
 * @typedef {import('./request-attributes.mjs').ResourceAttributes} ResourceAttributes
 */

/** The readers of each namespace; the user is named beside the group for ID tokens that carry no group. */
const ROLE_BINDINGS = [
  { namespace: 'team-a', user: 'felix@example.com', group: 'team-a' },
  { namespace: 'team-b', user: 'mara@example.com', group: 'team-b' },
];

const READ = ['get', 'list', 'watch'];
const REVIEWS = ['authorization.k8s.io/selfsubjectaccessreviews', 'authentication.k8s.io/selfsubjectreviews'];

/**
 * @param {User} user
 * @param {ResourceAttributes} attributes
 * @returns {boolean}
 */
export function isAllowed(user, attributes) {
  const { verb, group, resource, namespace, name } = attributes;
  if (verb === 'create' && REVIEWS.includes(`${group}/${resource}`)) {
    return true;
  }
  if (!group && resource === 'namespaces' && !name) {
    return verb === 'list' || verb === 'watch';
  }
  return READ.includes(verb) && isReadable(attributes) && mayRead(user, namespace);
}

/** @param {ResourceAttributes} attributes */
function isReadable({ group, resource, subresource }) {
  const what = subresource ? `${resource}/${subresource}` : resource;
  return group === 'apps' ? what === 'statefulsets' : !group && ['namespaces', 'pods', 'pods/log', 'configmaps'].includes(what);
}

/**
 * @param {User} user
 * @param {string} namespace
 */
function mayRead(user, namespace) {
  return ROLE_BINDINGS.some((binding) => binding.namespace === namespace
    && (binding.user === user.name || user.groups.includes(binding.group)));
}
