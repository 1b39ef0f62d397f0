import { POD_COLUMNS, table, wantsTable } from './table.mjs';

/**
 * @typedef {import('./pods.mjs').Pod} Pod
 * @typedef {import('./pods.mjs').Pods} Pods
 * @typedef {import('./streams.mjs').Streams} Streams
 */

/**
 * Streams the changes of a namespace's pods until the client goes away or `timeoutSeconds` are over. Without a
 * `resourceVersion` (or with 0) it begins with an ADDED for each pod; with one, with what is newer.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {object} options
 * @param {Pods} options.pods
 * @param {Streams} options.streams
 * @param {string} options.namespace
 * @param {(pod: Pod) => boolean} options.selected
 * @param {URLSearchParams} options.query
 */
export function watchPods(request, response, { pods, streams, namespace, selected, query }) {
  const asTable = wantsTable(request);
  const send = (/** @type {'ADDED' | 'MODIFIED'} */ type, /** @type {Pod} */ pod) => {
    const object = asTable ? table([pod], pod.metadata.resourceVersion, POD_COLUMNS) : pod;
    response.write(`${JSON.stringify({ type, object })}\n`);
  };
  const modified = (/** @type {Pod} */ pod) => {
    if (pod.metadata.namespace === namespace && selected(pod)) {
      send('MODIFIED', pod);
    }
  };
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  const since = Number(query.get('resourceVersion') ?? 0);
  for (const pod of pods.inNamespace(namespace).filter(selected)) {
    if (since === 0) {
      send('ADDED', pod);
    } else if (Number(pod.metadata.resourceVersion) > since) {
      send('MODIFIED', pod);
    }
  }
  const timeout = endAfter(response, query.get('timeoutSeconds'));
  pods.on('modified', modified);
  streams.add(response, () => {
    clearTimeout(timeout);
    pods.off('modified', modified);
  });
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {string | null} seconds
 */
function endAfter(response, seconds) {
  return seconds ? setTimeout(() => response.end(), Number(seconds) * 1000) : undefined;
}
