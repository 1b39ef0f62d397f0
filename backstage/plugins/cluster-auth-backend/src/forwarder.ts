import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import { pipeline } from 'node:stream/promises';
import type { LoggerService } from '@backstage/backend-plugin-api';
import type { Request, RequestHandler, Response } from 'express';
import { forwardedRequestHeaders, forwardedResponseHeaders } from './headers';
import { staysBelow } from './path';
import { type Problem, sendProblem } from './problem';
import { switchProtocols } from './switchProtocols';
import { asksForUpgrade } from './upgrades';

/** Longer than the cluster-auth backend ever takes to begin an answer. */
const PATIENCE_MS = 120_000;

/** Shorter than the backend keeps an idle connection, so that no request uses one that it is about to close. */
const IDLE_MS = 2_000;

const LEADS_ELSEWHERE: Problem = {
  statusCode: 400,
  name: 'InputError',
  code: 'bad_request',
  message:
    'A path below /api/cluster-auth holds no "." and no ".." between slashes; ask for the path itself.',
};

const NOT_YET: Problem = {
  statusCode: 400,
  name: 'InputError',
  code: 'bad_request',
  message:
    'An earlier request of this connection is not answered yet; ask for an upgrade after its answer, or on a connection of its own.',
};

const NO_ANSWER: Problem = {
  statusCode: 504,
  name: 'ServiceUnavailableError',
  code: 'timeout',
  message:
    'The cluster-auth backend does not answer: try again in a minute, and if it lasts tell the admin of this Backstage.',
};

/** The target of requests, and the logger for failures. */
export interface ForwarderOptions {
  target: URL;
  logger: LoggerService;
  patienceMs?: number;
}

/** Streams each request to the target, path and body byte for byte, and the answer back. */
export function forwarder({
  target,
  logger,
  patienceMs = PATIENCE_MS,
}: ForwarderOptions): RequestHandler {
  const { Agent } = target.protocol === 'https:' ? https : http;
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS });
  return (request, response) => {
    if (!staysBelow(request.originalUrl)) {
      sendProblem(response, LEADS_ELSEWHERE);
      return;
    }
    // Node gives an answer its socket when those before it are sent.
    if (asksForUpgrade(request) && response.socket === null) {
      sendProblem(response, NOT_YET);
      return;
    }
    const upstream = begin(request, target, agent);
    upstream.setTimeout(patienceMs, () =>
      upstream.destroy(new Error('no answer in time')),
    );
    response.once('close', () => upstream.destroy());
    upstream.once('response', answer => {
      upstream.setTimeout(0);
      passBack(answer, response).catch(() => upstream.destroy());
    });
    upstream.once('upgrade', (answer, socket: Socket, head) => {
      upstream.setTimeout(0);
      if (asksForUpgrade(request)) {
        switchProtocols(request.socket, { answer, socket, head });
      } else {
        // The caller has not asked for it.
        socket.destroy();
        upstream.destroy(new Error('it switched protocols unasked'));
      }
    });
    upstream.once('error', error => {
      if (response.destroyed || response.headersSent) {
        response.destroy();
        return;
      }
      logger.warn(
        `The cluster-auth backend at ${target.origin} does not answer: ${error.message}`,
      );
      sendProblem(response, NO_ANSWER);
    });
    request.pipe(upstream);
  };
}

function begin(
  request: Request,
  target: URL,
  agent: http.Agent,
): ClientRequest {
  const { request: send } = target.protocol === 'https:' ? https : http;
  return send({
    ...(asksForUpgrade(request)
      ? { createConnection: halfClosable(target) }
      : { agent }),
    protocol: target.protocol,
    hostname: target.hostname.replace(/^\[|\]$/g, ''),
    port: target.port,
    method: request.method,
    // Not resolved against a base, so that it is forwarded byte for byte.
    path: request.originalUrl,
    headers: forwardedRequestHeaders(request.headers, {
      host: target.host,
      addresses: forwardedFor(request),
      upgrade: asksForUpgrade(request),
    }),
  });
}

/** A connection that may go on in one direction when the other has ended; without an agent, as agents have no such ones. */
function halfClosable(target: URL): () => Socket {
  const isTls = target.protocol === 'https:';
  const host = target.hostname.replace(/^\[|\]$/g, '');
  const where = {
    host,
    port: Number(target.port) || (isTls ? 443 : 80),
    allowHalfOpen: true,
  };
  return () =>
    isTls
      ? tls.connect({
          ...where,
          // A name only (RFC 6066, 3).
          ...(net.isIP(host) === 0 && { servername: host }),
          ALPNProtocols: ['http/1.1'],
        })
      : net.connect(where);
}

/**
 * The addresses of the caller, of the proxies, and of the connection's other end. Express' `trust proxy` decides which
 * addresses of the request are forwarded; if it is not set, the cluster-auth backend decides by its TRUSTED_PROXIES.
 */
function forwardedFor(request: Request): string {
  const before = request.app.get('trust proxy')
    ? request.ips
    : request.headers['x-forwarded-for'];
  return [before, request.socket.remoteAddress]
    .flat()
    .filter(Boolean)
    .join(', ');
}

async function passBack(
  answer: IncomingMessage,
  response: Response,
): Promise<void> {
  response.writeHead(
    answer.statusCode ?? 502,
    forwardedResponseHeaders(answer.headers),
  );
  response.flushHeaders();
  await pipeline(answer, response);
}
