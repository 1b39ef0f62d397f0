import { sendJson } from '../idp/json-answer.mjs';
import { sendLog } from './pod-log.mjs';
import { watchPods } from './pod-watch.mjs';
import { selection } from './selectors.mjs';
import { statefulSetsOf } from './stateful-sets.mjs';
import { notFound } from './status.mjs';
import { NAMESPACE_COLUMNS, POD_COLUMNS, table, wantsTable } from './table.mjs';

/**
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 * @typedef {import('node:http').ServerResponse} ServerResponse
 * @typedef {object} Asked
 * @property {import('./pods.mjs').Pods} pods
 * @property {import('./streams.mjs').Streams} streams
 * @property {import('./request-attributes.mjs').ResourceAttributes} attributes
 * @property {URLSearchParams} query
 */

const CREATED = new Date().toISOString().replace(/\.\d+Z$/, 'Z');

const NAMESPACES = ['default', 'team-a', 'team-b'].map((name) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, resourceVersion: '1', creationTimestamp: CREATED, labels: { 'kubernetes.io/metadata.name': name } },
  status: { phase: 'Active' },
}));

/** As large as a ConfigMap may be. */
const LARGE_BYTES = 1024 * 1024;

/**
 * Answers a request that the user is allowed.
 *
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 * @param {Asked} asked
 */
export function serveResource(request, response, asked) {
  const { resource } = asked.attributes;
  if (resource === 'pods') {
    servePods(request, response, asked);
  } else if (resource === 'namespaces') {
    serveNamespaces(request, response, asked);
  } else if (resource === 'statefulsets') {
    serveStatefulSets(response, asked);
  } else {
    serveConfigMaps(response, asked);
  }
}

/**
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 * @param {Asked} asked
 */
function servePods(request, response, { pods, streams, attributes, query }) {
  const { namespace, name, verb, subresource } = attributes;
  const selected = selection(query);
  const pod = pods.inNamespace(namespace).find(({ metadata }) => metadata.name === name);
  if (verb === 'watch') {
    const wanted = name ? (/** @type {import('./pods.mjs').Pod} */ { metadata }) => metadata.name === name : selected;
    watchPods(request, response, { pods, streams, namespace, selected: wanted, query });
  } else if (!name) {
    const items = pods.inNamespace(namespace).filter(selected);
    sendJson(response, 200, wantsTable(request)
      ? table(items, pods.resourceVersion, POD_COLUMNS)
      : list('PodList', pods.resourceVersion, items));
  } else if (!pod) {
    sendJson(response, 404, notFound(attributes));
  } else if (subresource === 'log') {
    sendLog(response, { pods, streams, pod, query });
  } else {
    sendJson(response, 200, wantsTable(request) ? table([pod], pod.metadata.resourceVersion, POD_COLUMNS) : pod);
  }
}

/**
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 * @param {Asked} asked
 */
function serveNamespaces(request, response, { attributes, query }) {
  const named = NAMESPACES.find(({ metadata }) => metadata.name === attributes.name);
  if (!attributes.name) {
    const items = NAMESPACES.filter(selection(query));
    sendJson(response, 200, wantsTable(request) ? table(items, '1', NAMESPACE_COLUMNS) : list('NamespaceList', '1', items));
  } else if (!named) {
    sendJson(response, 404, notFound(attributes));
  } else {
    sendJson(response, 200, wantsTable(request) ? table([named], '1', NAMESPACE_COLUMNS) : named);
  }
}

/**
 * @param {ServerResponse} response
 * @param {Asked} asked
 */
function serveStatefulSets(response, { pods, attributes, query }) {
  const all = statefulSetsOf(pods.inNamespace(attributes.namespace));
  const named = all.find(({ metadata }) => metadata.name === attributes.name);
  if (!attributes.name) {
    const items = all.filter(selection(query));
    sendJson(response, 200, { ...list('StatefulSetList', '1', items), apiVersion: 'apps/v1' });
  } else {
    sendJson(response, named ? 200 : 404, named ?? notFound(attributes));
  }
}

/**
 * @param {ServerResponse} response
 * @param {Asked} asked
 */
function serveConfigMaps(response, { attributes }) {
  const { namespace, name } = attributes;
  const large = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'large', namespace, resourceVersion: '1', creationTimestamp: CREATED },
    data: { bytes: 'x'.repeat(LARGE_BYTES) },
  };
  if (!name) {
    sendJson(response, 200, list('ConfigMapList', '1', [large]));
  } else if (name === 'large') {
    sendJson(response, 200, large);
  } else {
    sendJson(response, 404, notFound(attributes));
  }
}

/**
 * @param {string} kind
 * @param {string} resourceVersion
 * @param {object[]} items
 */
function list(kind, resourceVersion, items) {
  return { kind, apiVersion: 'v1', metadata: { resourceVersion }, items };
}
