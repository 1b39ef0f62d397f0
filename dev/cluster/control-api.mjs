import { sendJson } from '../idp/json-answer.mjs';

/**
 * Answers `/control/*`, with which tests change what the cluster does.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {object} cluster
 * @param {import('./pods.mjs').Pods} cluster.pods
 * @param {import('./streams.mjs').Streams} cluster.streams
 */
export async function control(request, response, { pods, streams }) {
  const url = new URL(request.url ?? '/', 'https://cluster');
  const call = `${request.method} ${url.pathname}`;
  if (call === 'POST /control/touch') {
    pods.touch();
    sendJson(response, 200, { resourceVersion: pods.resourceVersion });
  } else if (call === 'GET /control/streams') {
    const open = url.searchParams.get('open');
    if (open !== null) {
      await streams.reach(Number(open));
    }
    sendJson(response, 200, { open: streams.open });
  } else {
    sendJson(response, 404, { error: `There is no ${call}; --help lists what there is.` });
  }
}
