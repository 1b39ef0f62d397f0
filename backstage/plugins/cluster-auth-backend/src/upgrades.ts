import { ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * Longer than another plugin takes to find out who asks for an upgrade. An upgrade at a path that no plugin has is held for so
 * long, and asks for no credential.
 */
const PATIENCE_MS = 10_000;

/** Where this plugin's paths begin. */
const BASE_PATH = '/api/cluster-auth/';

/**
 * Whether a request asks for another protocol: a header that `Connection` does not name is not meant for us (RFC 9110, 7.8).
 * With a body it is a request like others, as its sender has to expect (h2c of Java's HttpClient): the protocols that are
 * passed on begin without one.
 */
export function asksForUpgrade({ headers }: IncomingMessage): boolean {
  const named = (headers.connection ?? '').toLocaleLowerCase('en-US');
  return (
    headers.upgrade !== undefined &&
    headers['transfer-encoding'] === undefined &&
    Number(headers['content-length'] ?? 0) === 0 &&
    named.split(',').some(name => name.trim() === 'upgrade')
  );
}

/**
 * Brings upgrades below this plugin's path to Express, as all other requests, on each server that it is shown.
 *
 * Node does that by itself as long as no plugin listens for `upgrade`. As soon as one does (plugin-signals-backend), Node hands
 * upgrades to listeners alone, and Backstage's root router answers those that no plugin has registered with 404, unless
 * there is another listener.
 */
export class Upgrades {
  readonly #listening = new WeakSet<Server>();
  readonly #watched = new WeakSet<Server>();
  readonly #patienceMs: number;

  constructor({ patienceMs = PATIENCE_MS }: { patienceMs?: number } = {}) {
    this.#patienceMs = patienceMs;
  }

  /** Looks after the server that a request came to. */
  lookAfter(request: IncomingMessage): void {
    // Node sets it on the sockets of a server, without a type for it.
    const { server } = request.socket as Socket & { server?: Server };
    if (server === undefined || this.#watched.has(server)) {
      return;
    }
    this.#watched.add(server);
    if (server.listenerCount('upgrade') > 0) {
      this.#listen(server);
      return;
    }
    server.on('newListener', event => {
      if (event === 'upgrade') {
        this.#listen(server);
      }
    });
  }

  #listen(server: Server): void {
    if (this.#listening.has(server)) {
      return;
    }
    // First, as `newListener` is told of this one, too.
    this.#listening.add(server);
    server.on('upgrade', (request, socket: Socket, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      if (!request.url?.startsWith(BASE_PATH)) {
        this.#answerForNobody(socket);
      } else if (isAnswering(socket)) {
        // Its answer would have to wait, which Node does for requests only; a client waits before it asks.
        socket.destroy();
      } else if (asksForUpgrade(request)) {
        bringToExpress(server, request, { socket, head });
      } else {
        readAgain(server, request, { socket, head });
      }
    });
  }

  /** The root router leaves what it does not know to us: without an answer it would stay open for ever. */
  #answerForNobody(socket: Socket): void {
    const before = socket.bytesWritten;
    const timer = setTimeout(() => {
      const isTaken = ['data', 'readable'].some(
        event => socket.listenerCount(event) > 0,
      );
      if (!isTaken && socket.bytesWritten === before) {
        socket.end(
          'HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
          () => socket.destroy(),
        );
      }
    }, this.#patienceMs);
    timer.unref();
    socket.once('close', () => clearTimeout(timer));
  }
}

/** Whether an earlier request of the connection has no whole answer yet. */
function isAnswering(socket: Socket): boolean {
  // Node sets it on the sockets of a server, without a type for it.
  const { _httpMessage: answer } = socket as { _httpMessage?: unknown };
  return Boolean(answer);
}

/** Lets Node read the request again, without the header for which it leaves the body on the socket. */
function readAgain(
  server: Server,
  { method, url, httpVersion, rawHeaders }: IncomingMessage,
  { socket, head }: { socket: Socket; head: Buffer },
): void {
  // It closes then, as Node leaves listeners on the socket each time.
  const lines = [`${method} ${url} HTTP/${httpVersion}`, 'Connection: close'];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at].toLocaleLowerCase('en-US') !== 'upgrade') {
      lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
    }
  }
  const again = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  socket.unshift(Buffer.concat([again, head]));
  server.emit(
    socket instanceof TLSSocket ? 'secureConnection' : 'connection',
    socket,
  );
}

function bringToExpress(
  server: Server,
  request: IncomingMessage,
  { socket, head }: { socket: Socket; head: Buffer },
): void {
  if (head.length > 0) {
    socket.unshift(head);
  }
  const response = new ServerResponse(request);
  // Node reads no further request on this connection.
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  // As Node does it: what the client has sent and is not read would keep the socket open for ever.
  response.once('finish', () => socket.destroySoon());
  server.emit('request', request, response);
}
