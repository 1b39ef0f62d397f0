/**
 * @typedef {import('./pods.mjs').Pod} Pod
 * @typedef {import('./pods.mjs').Pods} Pods
 * @typedef {import('./streams.mjs').Streams} Streams
 */

/** How often a followed log gets a line by itself, in milliseconds. */
const INTERVAL_MS = 1000;

/**
 * Answers with a pod's log; with `follow` it goes on: a line a second, and one whenever the pod is touched.
 *
 * @param {import('node:http').ServerResponse} response
 * @param {object} options
 * @param {Pods} options.pods
 * @param {Streams} options.streams
 * @param {Pod} options.pod
 * @param {URLSearchParams} options.query
 */
export function sendLog(response, { pods, streams, pod, query }) {
  const name = pod.metadata.name;
  const lines = [`${name} starting`, `${name} listening on :8080`, `${name} ready`];
  const tail = query.get('tailLines');
  const shown = tail === null ? lines : lines.slice(Math.max(0, lines.length - Number(tail)));
  response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  for (const line of shown) {
    response.write(`${line}\n`);
  }
  if (!['true', '1'].includes(query.get('follow') ?? '')) {
    response.end();
    return;
  }
  let served = 0;
  const interval = setInterval(() => {
    served += 1;
    response.write(`${name} served request ${served}\n`);
  }, INTERVAL_MS);
  const touched = (/** @type {Pod} */ changed) => {
    if (changed === pod) {
      response.write(`${name} touched\n`);
    }
  };
  pods.on('modified', touched);
  streams.add(response, () => {
    clearInterval(interval);
    pods.off('modified', touched);
  });
}
