import { isAllowed } from './authorization.mjs';

/**
 * @typedef {import('./authentication.mjs').User} User
 * @typedef {Partial<import('./request-attributes.mjs').ResourceAttributes>} AskedAttributes
 */

/**
 * @param {User} user
 * @param {string} body a SelfSubjectAccessReview in JSON
 * @param {boolean} [withNode]
 * @throws {SyntaxError} when the body is not JSON
 */
export function accessReview(user, body, withNode = false) {
  const review = /** @type {{spec?: {resourceAttributes?: AskedAttributes}}} */ (JSON.parse(body));
  const nothing = { verb: '', group: '', resource: '', subresource: '', namespace: '', name: '' };
  const asked = { ...nothing, ...review.spec?.resourceAttributes };
  return {
    kind: 'SelfSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: {},
    spec: review.spec,
    status: { allowed: isAllowed(user, asked, withNode) },
  };
}

/** @param {User} user */
export function selfReview(user) {
  return {
    kind: 'SelfSubjectReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: {},
    status: { userInfo: { username: user.name, groups: user.groups } },
  };
}
