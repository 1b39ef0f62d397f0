/**
 * The answers an API server gives when it refuses; messages as Kubernetes words them.
 *
 * @typedef {import('./request-attributes.mjs').ResourceAttributes} ResourceAttributes
 * @typedef {{kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: string, reason: string,
 *   details?: {name?: string, group?: string, kind?: string}, code: number}} Status
 */

/**
 * @param {number} code
 * @param {string} reason
 * @param {string} message
 * @param {Status['details']} [details]
 * @returns {Status}
 */
function failure(code, reason, message, details) {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code };
}

export function unauthorized() {
  return failure(401, 'Unauthorized', 'Unauthorized');
}

/**
 * @param {string} user
 * @param {ResourceAttributes} attributes
 */
export function forbidden(user, { verb, group, resource, subresource, namespace, name }) {
  const what = subresource ? `${resource}/${subresource}` : resource;
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope';
  const subject = name ? `${qualified(resource, group)} "${name}"` : qualified(resource, group);
  return failure(
    403,
    'Forbidden',
    `${subject} is forbidden: User "${user}" cannot ${verb} resource "${what}" in API group "${group}" ${where}`,
    details(name, group, resource),
  );
}

/**
 * @param {string} user
 * @param {string} verb
 * @param {string} path
 */
export function forbiddenPath(user, verb, path) {
  return failure(403, 'Forbidden', `forbidden: User "${user}" cannot ${verb} path "${path}"`, {});
}

/** @param {ResourceAttributes} attributes */
export function notFound({ resource, group, name }) {
  if (!name) {
    return failure(404, 'NotFound', 'the server could not find the requested resource', {});
  }
  return failure(404, 'NotFound', `${qualified(resource, group)} "${name}" not found`, details(name, group, resource));
}

/** @param {string} message */
export function badRequest(message) {
  return failure(400, 'BadRequest', message);
}

export function unsupportedMediaType() {
  return failure(
    415,
    'UnsupportedMediaType',
    'the body of the request was in an unknown format - accepted media types include: application/json',
  );
}

/**
 * @param {string} resource
 * @param {string} group
 */
function qualified(resource, group) {
  return group ? `${resource}.${group}` : resource;
}

/**
 * @param {string} name
 * @param {string} group
 * @param {string} kind
 */
function details(name, group, kind) {
  return { ...(name && { name }), ...(group && { group }), kind };
}
