import { sendJson } from '../idp/json-answer.mjs';
import { readBody } from '../idp/request-body.mjs';
import { isAllowed } from './authorization.mjs';
import { control } from './control-api.mjs';
import { discoveryDocument } from './discovery.mjs';
import { echo } from './echo.mjs';
import { requestAttributes } from './request-attributes.mjs';
import { serveResource } from './resources.mjs';
import { accessReview, selfReview } from './reviews.mjs';
import { UnknownSelector } from './selectors.mjs';
import { badRequest, forbidden, forbiddenPath, unauthorized, unsupportedMediaType } from './status.mjs';

/**
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 * @typedef {import('node:http').ServerResponse} ServerResponse
 * @typedef {{pods: import('./pods.mjs').Pods, streams: import('./streams.mjs').Streams, node?: import('./node.mjs').ClusterNode}} Cluster
 */

/**
 * @param {object} options
 * @param {import('./authentication.mjs').Authenticator} options.authenticator
 * @param {Cluster} options.cluster
 * @param {(line: string) => void} options.log
 * @returns {import('node:http').RequestListener}
 */
export function api({ authenticator, cluster, log }) {
  return (request, response) => {
    answer(request, response, authenticator, cluster).catch((error) => {
      if (error instanceof URIError || error instanceof SyntaxError || error instanceof UnknownSelector) {
        sendStatus(response, badRequest(error.message));
      } else {
        log(error instanceof Error ? error.message : String(error));
        response.destroy();
      }
    });
  };
}

/**
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 * @param {import('./authentication.mjs').Authenticator} authenticator
 * @param {Cluster} cluster
 */
async function answer(request, response, authenticator, cluster) {
  const rawUrl = request.url ?? '/';
  if (rawUrl.startsWith('/control/')) {
    await control(request, response, cluster);
    return;
  }
  const user = await authenticator.authenticate(request.headers.authorization);
  if (!user) {
    sendStatus(response, unauthorized());
  } else if (rawUrl.startsWith('/echo/')) {
    await echo(request, response);
  } else {
    await serveKubernetes(request, response, user, cluster);
  }
}

/**
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 * @param {import('./authentication.mjs').User} user
 * @param {Cluster} cluster
 */
async function serveKubernetes(request, response, user, cluster) {
  const method = request.method ?? 'GET';
  // Appended, not resolved: a path that begins with two slashes must not become a host.
  const url = new URL(`https://cluster${request.url}`);
  const attributes = requestAttributes(method, url);
  const document = discoveryDocument(url.pathname);
  const { node } = cluster;
  if (node && !attributes && method === 'GET' && isPublic(url.pathname)) {
    await forward(request, response, { ...cluster, node });
  } else if (!node && document && method === 'GET') {
    sendJson(response, 200, document);
  } else if (!attributes) {
    sendStatus(response, forbiddenPath(user.name, method.toLowerCase(), url.pathname));
  } else if (!isAllowed(user, attributes, node !== undefined)) {
    sendStatus(response, forbidden(user.name, attributes));
  } else if (!node && method === 'POST' && (request.headers['content-type'] ?? '').includes('protobuf')) {
    // What kubectl sends for its reviews.
    sendStatus(response, unsupportedMediaType());
  } else if (attributes.resource === 'selfsubjectaccessreviews') {
    sendJson(response, 201, accessReview(user, await (node ? node.decode(request) : readBody(request)), node !== undefined));
  } else if (attributes.resource === 'selfsubjectreviews') {
    sendJson(response, 201, selfReview(user));
  } else if (node) {
    await forward(request, response, { ...cluster, node });
  } else {
    serveResource(request, response, { ...cluster, attributes, query: url.searchParams });
  }
}

/** @param {string} path of documents about the API itself, which all users may read */
function isPublic(path) {
  return /^\/(?:version|api|apis|openapi)(?:\/|$)/.test(path);
}

/**
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 * @param {Cluster & {node: import('./node.mjs').ClusterNode}} cluster
 */
async function forward(request, response, { node, streams }) {
  const query = new URL(`https://cluster${request.url}`).searchParams;
  if (['watch', 'follow'].some((name) => ['true', '1'].includes(query.get(name) ?? ''))) {
    streams.add(response, () => {});
  }
  await node.forward(request, response);
}

/**
 * @param {ServerResponse} response
 * @param {import('./status.mjs').Status} status
 */
function sendStatus(response, status) {
  sendJson(response, status.code, status);
}
