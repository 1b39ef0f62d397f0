import { ServerResponse } from 'node:http';

import { sendJson } from '../idp/json-answer.mjs';
import { isAllowed } from './authorization.mjs';
import { requestAttributes } from './request-attributes.mjs';
import { forbidden, unauthorized } from './status.mjs';

/**
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 * @typedef {import('node:stream').Duplex} Duplex
 */

/** The subresources of pods that are streams both ways. */
const STREAMS = ['exec', 'attach', 'portforward'];

/** Where any user's bytes come back, in any protocol. */
const ECHO = '/echo/upgrade';

/**
 * Answers requests that ask for another protocol: on streams of pods they get it where there is a node, `/echo/upgrade` sends back what
 * it gets, and everywhere else the upgrade is ignored, as an API server does.
 *
 * @param {object} options
 * @param {import('./authentication.mjs').Authenticator} options.authenticator
 * @param {import('./node.mjs').ClusterNode} [options.node]
 * @param {import('./streams.mjs').Streams} options.streams
 * @param {import('node:http').RequestListener} options.otherwise
 * @returns {(request: IncomingMessage, socket: Duplex, head: Buffer) => void}
 */
export function upgrades({ authenticator, node, streams, otherwise }) {
  return (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    // A path that cannot be read is refused where it cannot be upgraded either.
    serve(request, socket, head).catch(() => otherwise(request, answerOn(request, socket)));
  };

  /** @type {(request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>} */
  async function serve(request, socket, head) {
    const url = new URL(`https://cluster${request.url}`);
    if (url.pathname === ECHO) {
      await echo(request, socket, head);
      return;
    }
    const attributes = requestAttributes(request.method ?? 'GET', url);
    if (!node || !attributes || attributes.group || attributes.resource !== 'pods' || !STREAMS.includes(attributes.subresource)) {
      otherwise(request, answerOn(request, socket));
      return;
    }
    const user = await authenticator.authenticate(request.headers.authorization);
    // Since Kubernetes 1.35 a WebSocket, which is a GET, takes `create` as well.
    const refused = user && [attributes, { ...attributes, verb: 'create' }].find((asked) => !isAllowed(user, asked, true));
    if (!user) {
      sendJson(answerOn(request, socket), 401, unauthorized());
    } else if (refused) {
      sendJson(answerOn(request, socket), 403, forbidden(user.name, refused));
    } else {
      streams.add(socket, () => {});
      node.tunnel(request, /** @type {import('node:net').Socket} */ (socket), head);
    }
  }

  /** @type {(request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>} */
  async function echo(request, socket, head) {
    if (!(await authenticator.authenticate(request.headers.authorization))) {
      sendJson(answerOn(request, socket), 401, unauthorized());
      return;
    }
    streams.add(socket, () => {});
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${request.headers.upgrade}\r\n\r\n`);
    socket.write(head);
    socket.pipe(socket);
  }
}

/**
 * @param {IncomingMessage} request
 * @param {Duplex} socket
 */
function answerOn(request, socket) {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(/** @type {import('node:net').Socket} */ (socket));
  response.once('finish', () => socket.end());
  return response;
}
