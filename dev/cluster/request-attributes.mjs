/**
 * @typedef {object} ResourceAttributes what is asked for, in the words of a SelfSubjectAccessReview; empty where nothing
 *   is named
 * @property {string} verb
 * @property {string} group
 * @property {string} resource
 * @property {string} subresource
 * @property {string} namespace
 * @property {string} name
 */

/** @type {Record<string, string>} */
const WRITING_VERBS = { POST: 'create', PUT: 'update', PATCH: 'patch' };

/**
 * @param {string} method
 * @param {URL} url
 * @returns {ResourceAttributes | undefined} undefined when the path names no resource
 * @throws {URIError} when the path is not percent-encoded UTF-8
 */
export function requestAttributes(method, url) {
  const path = url.pathname.split('/').slice(1).map(decodeURIComponent);
  const [root, ...rest] = path.at(-1) === '' ? path.slice(0, -1) : path;
  if (root === 'api' && rest[0] === 'v1') {
    return within(method, url, '', rest.slice(1));
  }
  if (root === 'apis' && rest.length > 2) {
    return within(method, url, rest[0] ?? '', rest.slice(2));
  }
  return undefined;
}

/**
 * @param {string} method
 * @param {URL} url
 * @param {string} group
 * @param {string[]} path below the group's version
 */
function within(method, url, group, path) {
  const namespaced = path[0] === 'namespaces' && path.length > 2;
  const [resource, name = '', ...subresource] = namespaced ? path.slice(2) : path;
  if (!resource) {
    return undefined;
  }
  // In Kubernetes' attributes, the namespace of a namespace is itself.
  const namespace = namespaced || (resource === 'namespaces' && !group) ? path[1] ?? '' : '';
  return { verb: verbOf(method, name, url), group, resource, subresource: subresource.join('/'), namespace, name };
}

/**
 * @param {string} method
 * @param {string} name
 * @param {URL} url
 */
function verbOf(method, name, url) {
  if (method === 'GET' || method === 'HEAD') {
    return isWatch(url) ? 'watch' : name ? 'get' : 'list';
  }
  if (method === 'DELETE') {
    return name ? 'delete' : 'deletecollection';
  }
  return WRITING_VERBS[method] ?? method.toLowerCase();
}

/** @param {URL} url */
function isWatch(url) {
  return ['true', '1'].includes(url.searchParams.get('watch') ?? '');
}
